"""Every table that a reader meets, in the order to meet them: what `docs/tables.md` and `rutter.duckdb` are made of."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pyarrow as pa

from rutter_assets.errors import SettingError
from rutter_assets.lake import layout
from rutter_assets.lake.tables import CONNECTIONS, TRANSACTIONS, Column, Table
from rutter_assets.marts.mart import MARTS
from rutter_assets.marts.tables import COMPLETENESS, DATE, MOVEMENTS, PUBLISHED, RESTATEMENTS

SNAPSHOT_DATE = Column(
    "date", pa.date32(), "The UTC date of snapshot_at.", nullable=False, made_of=("connections.snapshot_at",)
)


@dataclass(frozen=True)
class Entry:
    """A table as `rutter.duckdb` has it, with `date` in front where it is kept by day.

    `files`: where it lies in the lake, as a glob; null: in `rutter.duckdb` alone. `note`: how the two differ.
    `is_asset`: whether Dagster has an asset of its name.
    """

    table: Table
    files: str | None
    note: str | None = None
    is_view: bool = False
    is_asset: bool = True

    @property
    def name(self) -> str:
        return self.table.name

    @property
    def is_raw(self) -> bool:
        """Whether the API is its only source."""
        return all(source.startswith(f"{self.name}.") for column in self.table.columns for source in column.made_of)


def catalogue() -> Iterator[Entry]:
    """The tables, raw ones first."""
    yield Entry(_dated(TRANSACTIONS, DATE), "transactions/date=*/bucket-*.parquet")
    yield Entry(
        CONNECTIONS,
        "connections/date=*/*.parquet",
        "In `rutter.duckdb` it holds the newest snapshot alone, so one row per connection_id.",
    )
    yield Entry(
        replace(
            CONNECTIONS,
            name="connections_daily",
            one_row_per="(date, connection_id): one connection as the last snapshot of the UTC day has it",
            columns=(SNAPSHOT_DATE, *(replace(c, made_of=(f"connections.{c.name}",)) for c in CONNECTIONS.columns)),
            grain=("date", "connection_id"),
        ),
        None,
        is_asset=False,
    )
    yield Entry(COMPLETENESS, layout.COMPLETENESS)
    yield Entry(MOVEMENTS, None, is_view=True, is_asset=False)
    for mart in MARTS.values():
        yield Entry(_dated(mart.table, DATE), f"marts/{mart.name}/date=*/{mart.name}.parquet")
    yield Entry(RESTATEMENTS, f"{layout.RESTATEMENTS}/known_on=*/*.parquet", is_asset=False)
    yield Entry(PUBLISHED, f"{layout.RESTATEMENTS}/published/*.parquet", is_asset=False)


def entry_of(name: str) -> Entry:
    """The table of that name; a `SettingError` that lists the names where there is none."""
    entries = {entry.name: entry for entry in catalogue()}
    if name not in entries:
        raise SettingError(f"There is no table {name!r} in the lake: name one of {', '.join(entries)}.")
    return entries[name]


def _dated(table: Table, date: Column) -> Table:
    return replace(table, columns=(date, *table.columns))

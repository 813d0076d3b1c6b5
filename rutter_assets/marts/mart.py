"""Transactions → a mart's day files: a range of days is one query, a day that came out different is replaced whole."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa

from rutter_assets.lake import layout, parquet
from rutter_assets.lake.lake import Lake
from rutter_assets.lake.tables import TRANSACTIONS, Table
from rutter_assets.marts import engine, restatements
from rutter_assets.marts.kept import Kept, KeptError
from rutter_assets.marts.tables import DATE, FEE_TOTALS, REFUND_COHORTS, REFUND_RATIOS

MOVEMENT_COLUMNS: Final = (
    "connection_id",
    "platform",
    "id",
    "platform_id",
    "order_id",
    "type",
    "status",
    "amount",
    "fee",
    "iso_currency_code",
    "platform_type",
    "description",
    "created_at",
    "updated_at",
    "platform_data",
)
"""What of a transaction decides which movement it is."""

_WRITERS: Final = 4
"""Day files in the making at a time: compressing and syncing them waits for the disk, and holds no lock of Python."""


@dataclass(frozen=True)
class Mart:
    """A mart: its table, and the money columns whose sums tell an observer what a day was like.

    The query is the SQL file of the same name; it reads `movements`, or, where the mart `has_parts`, the `parts` that
    the SQL file `<name>_parts` makes of them. A day of the mart is made of the transactions of that day and of the
    `days_before`, so many days; or, where the mart `is_of_all_days`, of all transactions and of the age that the day
    has. Its query then takes `$known_on`. `conserved` says which of its columns together hold a figure of the
    transactions; null: each additive column holds the one of its name.
    """

    table: Table
    observed: tuple[str, ...]
    has_parts: bool = False
    days_before: int = 0
    is_of_all_days: bool = False
    conserved: Mapping[str, tuple[str, ...]] | None = None

    @property
    def name(self) -> str:
        return self.table.name

    @property
    def sql(self) -> str:
        return engine.sql(self.name)

    def reached_by(self, days: Iterable[date]) -> set[date]:
        """The days of the mart that transactions of these days are part of, whether they have rows or not."""
        return {day + timedelta(days=later) for day in days for later in range(self.days_before + 1)}

    def sources_of(self, days: Iterable[date]) -> set[date]:
        """The days whose transactions are part of these days of the mart."""
        return {day - timedelta(days=earlier) for day in days for earlier in range(self.days_before + 1)}

    @property
    def schema(self) -> pa.Schema:
        """The rows as `read` gives them: `date`, then the file's columns."""
        date_field = pa.field(DATE.name, DATE.type, DATE.nullable, metadata={"description": DATE.description})
        return pa.schema([date_field, *self.table.schema], metadata=self.table.schema.metadata)


MARTS: Final = {
    mart.name: mart
    for mart in (
        Mart(FEE_TOTALS, observed=("gross_volume", "fees_total")),
        Mart(REFUND_RATIOS, observed=("gross_volume", "refund_amount"), has_parts=True, days_before=29),
        Mart(
            REFUND_COHORTS,
            observed=("gross_volume", "refunded_amount"),
            has_parts=True,
            is_of_all_days=True,
            conserved={
                "sale_count": ("sale_count",),
                "gross_volume": ("gross_volume",),
                "refund_amount": ("refunded_amount", "over_refund_amount", "unlinked_refund_amount"),
            },
        ),
    )
}


@dataclass(frozen=True)
class MartDay:
    """One day of a mart as it is now on disk; `is_changed`: its rows differ from those before.

    Without rows there is no file and `size_bytes` is 0. `sums` holds the mart's observed columns by currency, major
    units. `restated_count`: how many figures that were known before are others now.
    """

    day: date
    rows: int
    size_bytes: int
    is_changed: bool
    sums: dict[str, dict[str, Decimal]]
    restated_count: int = 0


def compute(
    lake: Lake, mart: Mart, days: Iterable[date], known_on: date | None = None, run_id: str | None = None
) -> list[MartDay]:
    """Compute the mart's given days from the transactions and replace the files that differ; the days, in order.

    After a change of transactions, the days to give are `mart.reached_by` the days that changed. Of a mart that
    `is_of_all_days` every other day is replaced too whose rows are no longer those on disk: which these are is found
    by computing them all. `known_on` is the UTC day whose beginning decides how old a day is; null: today.

    Figures that change are recorded as restatements, under `run_id`, before a file is touched. A day with transactions
    but no row of the mart has no file. A day that has neither transactions nor a file is not among the result. One
    process at a time computes a mart. After a crash at any moment, computing the same days again mends all.
    """
    wanted, known_on = set(days), known_on or datetime.now(UTC).date()
    with lake.storage.alone(f"mart-{mart.name}"):
        kept = Kept.of(lake, mart.name, MOVEMENT_COLUMNS, has_ids=mart.is_of_all_days) if mart.has_parts else None
        if kept is not None:
            with suppress(KeptError):
                return _replace(lake, mart, wanted, known_on, run_id, kept)
        return _replace(lake, mart, wanted, known_on, run_id, None)


def mart_files(lake: Lake, mart: Mart, days: Iterable[date] | None = None) -> list[str]:
    """The paths of the mart's day files, of all days or of the given ones, in order."""
    wanted = None if days is None else set(days)
    found = ((path, layout.day_of(path)) for path in lake.storage.paths(f"marts/{mart.name}"))
    return [
        path
        for path, day in found
        if day is not None and path == layout.mart(mart.name, day) and (wanted is None or day in wanted)
    ]


def read(lake: Lake, mart: Mart, days: Iterable[date] | None = None) -> pa.Table:
    """The mart's rows as they are on disk, of all days or of the given ones, in order; `mart.schema`."""
    return pa.concat_tables([mart.schema.empty_table(), *(rows for _, rows in read_days(lake, mart, days))])


def read_days(lake: Lake, mart: Mart, days: Iterable[date] | None = None) -> Iterator[tuple[date, pa.Table]]:
    """The mart as `read` gives it, one day at a time."""
    for path in mart_files(lake, mart, days):
        content, day = lake.storage.read(path), layout.day_of(path)
        if content is None or day is None:
            continue
        rows = parquet.from_bytes(content, mart.table, path)
        dates = pa.repeat(pa.scalar(day, DATE.type), len(rows))
        yield day, pa.table([dates, *rows.columns], schema=mart.schema)


def sums_by_currency(rows: pa.Table, columns: Sequence[str]) -> dict[str, dict[str, Decimal]]:
    """The sums of money or count columns, by currency."""
    sums = rows.group_by("iso_currency_code").aggregate([(column, "sum") for column in columns])
    return {
        row["iso_currency_code"]: {column: row[f"{column}_sum"] for column in columns}
        for row in sums.sort_by("iso_currency_code").to_pylist()
    }


def _replace(
    lake: Lake, mart: Mart, wanted: Set[date], known_on: date, run_id: str | None, kept: Kept | None
) -> list[MartDay]:
    with engine.engine() as connection:
        sources = lake.transaction_files(None if mart.is_of_all_days else sorted(mart.sources_of(wanted)))
        paths = mart_files(lake, mart, None if mart.is_of_all_days else wanted)
        broken = {path for path in paths if not lake.is_readable(mart.table, path)}  # made anew, like any that is wrong
        if kept is None:
            engine.bind(connection, lake, TRANSACTIONS, sources, MOVEMENT_COLUMNS)
            engine.define(connection, "movements")
            if mart.has_parts:
                connection.sql(engine.sql(f"{mart.name}_parts")).create_view("parts")
            _compute(connection, mart, wanted, known_on)
        else:
            with kept.parts(connection, None if mart.is_of_all_days else mart.sources_of(wanted)):
                _compute(connection, mart, wanted, known_on)
        bind_stored(connection, lake, mart, [path for path in paths if path not in broken])
        connection.sql(engine.sql("differing")).create("differing")
        changed = {day for (day,) in connection.sql(engine.sql("changed_days")).fetchall()} | _days_of(broken)
        restated = restatements.record(lake, mart.name, connection, run_id, unknown=_days_of(broken))
        done = _replace_all(lake, mart, _computed_days(connection, wanted | changed), changed, restated)
    empty = (_days_of([*sources, *paths]) & (wanted | changed)) - {one.day for one in done}
    for day in empty:
        path = layout.mart(mart.name, day)
        done.append(MartDay(day, 0, 0, lake.storage.change(path, lambda _: None), {}, restated.get(day, 0)))
    return sorted(done, key=lambda one: one.day)


def _compute(connection: duckdb.DuckDBPyConnection, mart: Mart, wanted: Set[date], known_on: date) -> None:
    """Put the rows of the wanted days, or of all where the mart is of all days, into the engine as `computed`."""
    if mart.is_of_all_days:
        connection.sql(mart.sql, params={"known_on": known_on}).create("computed")
        return
    connection.from_arrow(engine.dates(wanted)).create("wanted")
    connection.sql(mart.sql).join(connection.table("wanted"), DATE.name, "semi").create("computed")


def bind_stored(connection: duckdb.DuckDBPyConnection, lake: Lake, mart: Mart, paths: Sequence[str]) -> None:
    """Make the rows of the mart's files at `paths` the relation `stored` of an engine; columns as `mart.schema`."""
    engine.bind(connection, lake, replace(mart.table, name="stored_files"), paths, mart.table.schema.names)
    columns = [duckdb.ColumnExpression(name) for name in mart.schema.names]
    connection.table("stored_files").select(*columns).create("stored")


def _computed_days(connection: duckdb.DuckDBPyConnection, days: Set[date]) -> Iterator[tuple[date, pa.Table]]:
    """The computed rows of these days, a day at a time, in the order of its file; never in memory as a whole."""
    connection.from_arrow(engine.dates(days)).create("to_write")
    found = connection.table("computed").join(connection.table("to_write"), DATE.name, "semi")
    begun: list[pa.Table] = []
    for batch in found.order("date, connection_id, iso_currency_code").to_arrow_reader(50_000):
        rows = pa.Table.from_batches([batch])
        numbers = np.asarray(rows[DATE.name].combine_chunks().cast(pa.int32()))
        changes = np.flatnonzero(np.diff(numbers)) + 1
        for start, end in pairwise([0, *changes.tolist(), len(rows)] if len(rows) else []):
            piece = rows.slice(start, end - start)
            if begun and begun[0][DATE.name][0] != piece[DATE.name][0]:
                yield _whole(begun)
                begun = []
            begun.append(piece)
    if begun:
        yield _whole(begun)


def _replace_all(
    lake: Lake,
    mart: Mart,
    days: Iterable[tuple[date, pa.Table]],
    changed: Set[date],
    restated: Mapping[date, int],
) -> list[MartDay]:
    def put(day: date, rows: pa.Table) -> MartDay:
        path = layout.mart(mart.name, day)
        if day in changed:
            content = parquet.to_bytes(rows, mart.table)
            lake.storage.write(path, content)
        else:
            content = lake.storage.read(path) or b""
        sums = sums_by_currency(rows, mart.observed)
        return MartDay(day, len(rows), len(content), day in changed, sums, restated.get(day, 0))

    with ThreadPoolExecutor(_WRITERS, "mart") as writers:
        return [writing.result() for writing in [writers.submit(put, day, rows) for day, rows in days]]


def _days_of(paths: Iterable[str]) -> set[date]:
    return {day for path in paths if (day := layout.day_of(path))}


def _whole(pieces: Sequence[pa.Table]) -> tuple[date, pa.Table]:
    return pieces[0][DATE.name][0].as_py(), pa.concat_tables(pieces)

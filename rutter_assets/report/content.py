"""What the page says: marts, newest snapshot and completeness, as rows. How it looks is not decided here."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import duckdb
import pyarrow as pa

from rutter_assets.lake import layout
from rutter_assets.lake.lake import Lake
from rutter_assets.lake.tables import CONNECTIONS
from rutter_assets.marts import completeness, engine
from rutter_assets.marts.mart import MARTS, mart_files
from rutter_assets.report.queries import sql

CHARTED_MOST: Final = 20
"""How many merchants and currencies are drawn; tables hold all."""
CHARTED_DAYS: Final = 365
"""How many days, up to the newest snapshot's, are drawn."""
DARK_DAYS: Final = 30
"""Over how many days the daily volume is taken that a merchant had before its data stopped."""

Row = dict[str, Any]
Key = tuple[str, str]
"""A connection_id and an iso_currency_code."""


@dataclass(frozen=True)
class Dark:
    """A merchant whose data has stopped until it acts, in one currency.

    `last_day` is the last UTC day its data reached, null where that is not told; currency and `gross_volume_30d`, major
    units, are null where nothing of it was ever loaded.
    """

    connection_id: str
    platform: str
    name: str | None
    is_disabled: bool
    disabled_reason: str | None
    last_day: date | None
    days_dark: int | None
    iso_currency_code: str | None
    gross_volume_30d: Decimal | None

    @property
    def volume(self) -> Decimal | None:
        """The volume that has gone dark: an estimate, in major units. Null: unknown."""
        if self.gross_volume_30d is None or self.days_dark is None:
            return None
        return self.gross_volume_30d * self.days_dark / DARK_DAYS


@dataclass(frozen=True)
class Content:
    """Everything that the page shows.

    `as_of`: when the newest snapshot was taken; null before the first. `merchants`: the rows of `merchants.sql`, by
    currency and volume. `cohorts`, `days`: the rows of these files, the latter of the `charted` alone. `queue`: who
    must act, ranked. `completeness`: the mart. `names`: each known connection's name, null where not told.
    """

    as_of: datetime | None
    first_day: date
    last_day: date
    merchants: list[Row]
    charted: list[Key]
    cohorts: list[Row]
    days: list[Row]
    queue: list[Dark]
    completeness: list[Row]
    names: dict[str, str | None]


def content(lake: Lake) -> Content:
    """Read the lake as it is now; an empty lake has an empty content, too."""
    snapshot = lake.latest_connections()
    told = [] if snapshot is None else snapshot.to_pylist()
    judged = completeness.read(lake).to_pylist()
    as_of = told[0]["snapshot_at"] if told else None
    last_day = as_of.date() if as_of is not None else _newest_day(lake)
    first_day = last_day - timedelta(days=CHARTED_DAYS - 1)
    with engine.engine() as connection:
        for mart in MARTS.values():
            engine.bind(connection, lake, mart.table, mart_files(lake, mart), mart.table.schema.names)
        connection.from_arrow(CONNECTIONS.schema.empty_table() if snapshot is None else snapshot).create("connections")
        merchants = _rows(connection, "merchants", as_of=last_day)
        charted = _charted(merchants)
        schema = pa.schema([("connection_id", pa.string()), ("iso_currency_code", pa.string())])
        keys = pa.Table.from_pylist([dict(zip(schema.names, key, strict=True)) for key in charted], schema)
        connection.from_arrow(keys).create("charted")
        return Content(
            as_of,
            first_day,
            last_day,
            merchants,
            charted,
            cohorts=_rows(connection, "cohorts", first_day=first_day),
            days=_rows(connection, "days", first_day=first_day),
            queue=_ranked([Dark(**row) for row in _rows(connection, "dark")]),
            completeness=sorted(judged, key=_by_urgency),
            names={row["connection_id"]: row["name"] for row in (*judged, *told)},
        )


def _rows(connection: duckdb.DuckDBPyConnection, query: str, **parameters: object) -> list[Row]:
    """The rows of one of this package's SQL files."""
    rows: list[Row] = connection.sql(sql(query), params=parameters).to_arrow_table().to_pylist()
    return rows


def _charted(merchants: list[Row]) -> list[Key]:
    """The largest of each currency, then the second of each, and so on: amounts of two currencies do not compare."""
    sold = [row for row in merchants if row["gross_volume"]]
    ranked = sorted(sold, key=lambda row: (row["volume_rank"], row["iso_currency_code"]))
    return [(row["connection_id"], row["iso_currency_code"]) for row in ranked[:CHARTED_MOST]]


def _ranked(queue: list[Dark]) -> list[Dark]:
    """By currency, the largest volume first; who is unknown comes last."""
    return sorted(
        queue,
        key=lambda one: (
            one.volume is None,
            one.iso_currency_code or "",
            -(one.volume or 0),
            -(one.days_dark or 0),
            one.connection_id,
        ),
    )


_URGENCY: Final = ("behind", "not_loaded", "ahead", "not_provable", "complete")


def _by_urgency(row: Row) -> tuple[int, str]:
    return _URGENCY.index(row["verdict"]), row["connection_id"]


def _newest_day(lake: Lake) -> date:
    """The newest day of the marts; where there is none, any day will do."""
    days = [day for mart in MARTS.values() for path in mart_files(lake, mart)[-1:] if (day := layout.day_of(path))]
    return max(days, default=date(1970, 1, 1))

"""Transactions by hand: a few fields named, the rest plain; money as strings."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count

import pyarrow as pa

from rutter_assets.lake import layout, parquet
from rutter_assets.lake.lake import Lake
from rutter_assets.lake.tables import TRANSACTIONS
from rutter_assets.marts import engine
from rutter_assets.marts.mart import MARTS, MOVEMENT_COLUMNS, compute, read

DAY = date(2026, 10, 30)
NOON = datetime(2026, 10, 30, 12, tzinfo=UTC)

_numbers = count()


def transaction(**fields: object) -> dict[str, object]:
    """A sale of 10.00 EUR that succeeded, with `fields` changed; `amount` and `fee` as strings."""
    row: dict[str, object] = {
        "connection_id": "moss",
        "platform": "WOO_COMMERCE",
        "id": f"transaction-{next(_numbers):06d}",
        "status": "success",
        "type": "sale",
        "amount": "10.00",
        "iso_currency_code": "EUR",
        "platform_type": "payment",
        "created_at": NOON,
        "updated_at": NOON,
        "is_provisional": False,
        "loaded_at": NOON,
    } | fields
    return row | {name: Decimal(str(row[name])) for name in ("amount", "fee") if row.get(name) is not None}


def store(lake: Lake, *rows: Mapping[str, object], day: date | None = None) -> list[date]:
    """Write each row into the file of its day, or all into that of `day`; the days."""
    by_day: dict[date, list[Mapping[str, object]]] = defaultdict(list)
    for row in rows:
        created_at = row["created_at"]
        assert isinstance(created_at, datetime)
        by_day[day or created_at.date()].append(row)
    for its_day, its_rows in by_day.items():
        table = pa.Table.from_pylist(its_rows, TRANSACTIONS.schema)
        lake.storage.write(layout.transactions(its_day, 0), parquet.to_bytes(table, TRANSACTIONS))
    return sorted(by_day)


def movements(lake: Lake, *rows: Mapping[str, object]) -> list[dict[str, object]]:
    """What the given rows are, in their order."""
    store(lake, *rows)
    found = {row["id"]: row for row in stored_movements(lake)}
    return [found[row["id"]] for row in rows]


def stored_movements(lake: Lake) -> list[dict[str, object]]:
    """What the rows on disk are."""
    with engine.engine() as connection:
        engine.bind(connection, lake, TRANSACTIONS, lake.transaction_files(), MOVEMENT_COLUMNS)
        engine.define(connection, "movements")
        rows: list[dict[str, object]] = connection.sql("from movements").to_arrow_table().to_pylist()
    return rows


def classes(lake: Lake, *rows: Mapping[str, object]) -> list[object]:
    return [row["class"] for row in movements(lake, *rows)]


def rows_of(lake: Lake, mart: str, days: Iterable[date] | None = None) -> list[dict[str, object]]:
    """A mart's rows on disk, with decimals as the shortest string of their value."""
    return [{name: _plain(value) for name, value in row.items()} for row in read(lake, MARTS[mart], days).to_pylist()]


def one_row(lake: Lake, mart: str, *rows: Mapping[str, object]) -> dict[str, object]:
    """The one row that the mart makes of the given transactions."""
    compute(lake, MARTS[mart], store(lake, *rows))
    (found,) = rows_of(lake, mart)
    return found


def _plain(value: object) -> object:
    if not isinstance(value, Decimal):
        return value
    return f"{value.normalize():f}" if value else "0"

"""Transactions as tables, written short."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from rutter_assets.lake.tables import TRANSACTIONS


def at(hour: int, day: int = 1) -> datetime:
    """An hour of a November day in 2026."""
    return datetime(2026, 11, day, hour, tzinfo=UTC)


def transaction(id_: str = "t1", connection: str = "c1", amount: str = "1", **fields: Any) -> dict[str, Any]:
    """One row of `transactions`, created at 01:00, updated and loaded at 02:00 unless told otherwise."""
    row: dict[str, Any] = dict.fromkeys(TRANSACTIONS.schema.names)
    row |= {"connection_id": connection, "platform": "SHOPIFY", "id": id_, "amount": Decimal(amount)}
    row |= {"created_at": at(1), "updated_at": at(2), "loaded_at": at(2), "is_provisional": False}
    return row | fields


def table(*rows: dict[str, Any]) -> pa.Table:
    """The rows with the schema of `transactions`."""
    return pa.Table.from_pylist(list(rows), TRANSACTIONS.schema)

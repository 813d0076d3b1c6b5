"""Typed transactions → an Arrow table of the lake's schema, exact to the last digit."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from rutter_assets.errors import TransactionError
from rutter_assets.lake.tables import INSTANT, MONEY, TRANSACTIONS
from rutter_assets.rutter import contract
from rutter_assets.rutter.decode import Novelties, Page, shown
from rutter_assets.rutter.types import Connection

_ENUMS: Final = {
    "status": contract.TRANSACTION_STATUSES,
    "type": contract.TRANSACTION_TYPES,
    "payment_method_type": contract.PAYMENT_METHOD_TYPES,
}
_TEXTS: Final = (
    "platform_id", "order_id", "platform_customer_id", "payment_method_type", "status", "type", "gateway",
    "iso_currency_code", "platform_type", "description",
)  # fmt: skip

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_US: Final = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
_LAST_US: Final = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)


def tabulate(
    page: Page, connection: Connection, read_at: datetime, novelties: Novelties, *, is_provisional: bool = False
) -> pa.Table:
    """The page's rows with the schema of `transactions`, in the order they came.

    A number that `DECIMAL(38,9)` does not hold exactly, or a time without its offset, is a `TransactionError`, which
    names it. Enum values that the contract does not name are kept, and noted in `novelties`.
    """
    rows = page.rows
    columns: dict[str, pa.Array] = {
        "connection_id": pa.repeat(connection.id, len(rows)),
        "platform": pa.repeat(connection.platform, len(rows)),
        "id": pa.array([row.id for row in rows], pa.string()),
        "amount": _converted(page, "amount", [row.amount for row in rows], MONEY),
        "fee": _converted(page, "fee", [row.fee for row in rows], MONEY),
        "gateway_data": _converted(page, "gateway_data", [_text(row.gateway_data) for row in rows], pa.string()),
        "platform_data": _converted(page, "platform_data", [_text(row.platform_data) for row in rows], pa.string()),
        "created_at": _converted(page, "created_at", [row.created_at for row in rows], INSTANT),
        "updated_at": _converted(page, "updated_at", [row.updated_at for row in rows], INSTANT),
        "unknown_fields": pa.array([page.unknown_fields.get(position) for position in range(len(rows))], pa.string()),
        "is_provisional": pa.repeat(pa.scalar(is_provisional), len(rows)),
        "loaded_at": pa.repeat(pa.scalar(read_at, INSTANT), len(rows)),
    }
    for name in _TEXTS:
        columns[name] = pa.array([getattr(row, name) for row in rows], pa.string())
    for name, known in _ENUMS.items():
        for value in pc.unique(columns[name]).to_pylist():
            if value is not None and value not in known:
                novelties.note_value(f"transaction.{name}", value)
    return pa.table([columns[name] for name in TRANSACTIONS.schema.names], schema=TRANSACTIONS.schema)


def _text(raw: msgspec.Raw) -> bytes | None:
    text = bytes(raw)
    return None if text == b"null" else text


def _converted(page: Page, name: str, values: Sequence[Any], wanted: pa.DataType) -> pa.Array:
    try:
        return _array(values, wanted)
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeDecodeError):
        pass
    for row, value in zip(page.rows, values, strict=True):
        try:
            _array([value], wanted)
        except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeDecodeError):
            raise TransactionError(
                f"Transaction {shown(row.id)} has a value of {name} that {wanted} cannot hold exactly.", page.exchange
            ) from None
    raise AssertionError(name)  # each value fits alone, so all of them do


def _array(values: Sequence[Any], wanted: pa.DataType) -> pa.Array:
    if wanted == pa.string():
        return pa.array(values, pa.binary()).cast(pa.string())
    if wanted == INSTANT:
        return _in_years_of_four_digits(pa.array(values, pa.string()).cast(INSTANT))
    return pa.array(values, wanted)


def _in_years_of_four_digits(instants: pa.Array) -> pa.Array:
    """The instants, if they lie in the years 1 to 9999, which is what readers of dates can read."""
    bounds = pc.min_max(instants.cast(pa.int64())).as_py()
    if bounds["min"] is not None and not _FIRST_US <= bounds["min"] <= bounds["max"] <= _LAST_US:
        raise pa.ArrowInvalid("a year of more than four digits, or before the first")
    return instants

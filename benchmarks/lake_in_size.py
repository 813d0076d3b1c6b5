"""A lake of millions of transactions, written straight as day files: what the marts are measured on.

A merchant's hundred rows a day are sales, refunds of sales of the last sixty days, fee rows and payouts, in the ways
platforms tell them: every fourth merchant links its refunds by the parent in `platform_data`, the others by the order.
Every number is a function of (merchant, day, position), so that a changed day can be written again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rutter_assets.lake import layout, parquet
from rutter_assets.lake.lake import Lake
from rutter_assets.lake.tables import INSTANT, MONEY, TRANSACTIONS

_PLATFORMS: Final = ("SHOPIFY", "WOO_COMMERCE", "AMAZON", "BIG_COMMERCE")
_REFUNDS_FROM, _FEES_FROM, _OTHERS_FROM = 0.85, 0.93, 0.98
"""Where, in the row of a day's hundred, each kind begins; before the first there are sales."""
_LONGEST_LAG: Final = 60
_ORDER, _ROW, _LAG, _WHICH, _AMOUNT = range(1, 6)

Numbers = np.ndarray[tuple[int], np.dtype[np.uint64]]


@dataclass(frozen=True)
class LakeInSize:
    """Its dimensions: `merchants` with `rows` transactions each on every one of the `days` that end with `last_day`."""

    lake: Lake
    merchants: int
    days: int
    rows: int
    last_day: date

    @property
    def all_days(self) -> list[date]:
        return [self.last_day - timedelta(days=self.days - 1 - number) for number in range(self.days)]

    def write(self) -> None:
        """Write every day file."""
        for number in range(self.days):
            self._write_day(number, self._day(number))

    def change(self, days: Sequence[date], turn: int) -> None:
        """Write these days again with another amount in every 97th row, of all kinds; other rows each `turn`."""
        for day in days:
            number = self.days - 1 - (self.last_day - day).days
            table = self._day(number)
            changes = pa.array(np.arange(len(table)) % 97 == turn)
            raised = pa.array([amount + 1 for amount in table["amount"].to_pylist()], MONEY)
            index = table.schema.get_field_index("amount")
            amounts = pc.if_else(changes, raised, table["amount"])
            self._write_day(number, table.set_column(index, table.schema.field("amount"), amounts))

    def _write_day(self, number: int, table: pa.Table) -> None:
        self.lake.storage.write(layout.transactions(self.all_days[number], 0), parquet.to_bytes(table, TRANSACTIONS))

    def _day(self, number: int) -> pa.Table:
        merchant = np.repeat(np.arange(self.merchants, dtype=np.uint64), self.rows)
        position = np.tile(np.arange(self.rows, dtype=np.uint64), self.merchants)
        key = self._key(merchant, number, position)
        part = position / self.rows
        is_sale, is_refund = part < _REFUNDS_FROM, (part >= _REFUNDS_FROM) & (part < _FEES_FROM)
        is_fee = (part >= _FEES_FROM) & (part < _OTHERS_FROM)
        lag = np.minimum(_mixed(key, _LAG) % np.uint64(_LONGEST_LAG), np.uint64(number))
        sold = self._key(merchant, number - lag, _mixed(key, _WHICH) % np.uint64(round(self.rows * _REFUNDS_FROM)))
        order = np.where(is_refund, sold, key)
        by_parent = merchant % np.uint64(4) == 0
        kind = np.select([is_sale, is_refund, is_fee], ["sale", "refund", "fee"], "payout")
        cents = _mixed(order, _AMOUNT) % np.uint64(20_000) + np.uint64(100)
        cents = np.where(is_refund, cents // np.uint64(2), cents)
        status = np.select([position % 40 == 7, position % 70 == 9], ["pending", "refunded"], "success")
        second = position * np.uint64(86_400 // self.rows)
        start = np.datetime64(self.all_days[number], "us")
        created = pa.array(start + second.astype("timedelta64[s]"), INSTANT)
        data = np.where(is_refund, np.char.add('{"kind":"refund","parent_id":"', _text(sold)), '{"kind":"sale')
        count = len(key)
        columns = {
            "connection_id": pa.array([f"merchant-{n:04d}" for n in range(self.merchants)]).take(pa.array(merchant)),
            "platform": pa.array(_PLATFORMS).take(pa.array(merchant % np.uint64(4))),
            "id": _uuids(key, _ROW),
            "platform_id": pa.array(_text(key)),
            "order_id": pc.if_else(pa.array(by_parent & is_refund), None, _uuids(order, _ORDER)),
            "payment_method_type": pa.repeat("card", count),
            "status": pa.array(status),
            "type": pa.array(kind),
            "amount": _money(cents),
            "fee": pc.if_else(pa.array(is_sale), _money(cents // np.uint64(33)), pa.scalar(None, MONEY)),
            "iso_currency_code": pa.array(np.where(merchant % np.uint64(9) == 0, "EUR", "USD")),
            "platform_type": pa.array(kind),
            "created_at": created,
            "updated_at": created,
            "platform_data": pc.if_else(pa.array(by_parent), pa.array(np.char.add(data, '"}')), None),
            "is_provisional": pa.repeat(False, count),
            "loaded_at": created,
        }
        nulls = {name: pa.nulls(count) for name in TRANSACTIONS.schema.names if name not in columns}
        return pa.table({**columns, **nulls}).select(TRANSACTIONS.schema.names).cast(TRANSACTIONS.schema)

    def _key(self, merchant: Numbers, day: int | Numbers, position: Numbers) -> Numbers:
        days = np.uint64(self.days)
        return (merchant * days + np.asarray(day, np.uint64)) * np.uint64(self.rows) + position


def world(lake: Lake, *, merchants: int, days: int, rows: int) -> LakeInSize:
    """The lake of these dimensions, its last day yesterday."""
    return LakeInSize(lake, merchants, days, rows, datetime.now(UTC).date() - timedelta(days=1))


def _mixed(numbers: Numbers, salt: int) -> Numbers:
    """Numbers that look like chance: the finalizer of splitmix64."""
    mixed = (numbers + np.uint64(salt)) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _uuids(numbers: Numbers, salt: int) -> pa.Array:
    halves = np.stack([_mixed(numbers, salt * 1000), _mixed(numbers, salt * 1000 + 1)], axis=1).astype(">u8")
    octets = halves.view(np.uint8).reshape(len(numbers), 16)
    digits = np.frombuffer(b"0123456789abcdef", np.uint8)
    text = np.full((len(numbers), 36), ord("-"), np.uint8)
    places = [n for n in range(36) if n not in (8, 13, 18, 23)]
    text[:, places[0::2]], text[:, places[1::2]] = digits[octets >> 4], digits[octets & 15]
    offsets = np.arange(len(numbers) + 1, dtype=np.int32) * 36
    return pa.StringArray.from_buffers(len(numbers), pa.py_buffer(offsets), pa.py_buffer(text.tobytes()))


def _text(numbers: Numbers) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
    return (numbers + np.uint64(10**9)).astype(np.str_)


def _money(cents: Numbers) -> pa.Array:
    """Cents as exact decimals: 128-bit integers of a thousand-millionth, the upper half zero."""
    halves = np.zeros((len(cents), 2), np.uint64)
    halves[:, 0] = cents * np.uint64(10**7)
    return pa.Array.from_buffers(MONEY, len(cents), [None, pa.py_buffer(halves.tobytes())])

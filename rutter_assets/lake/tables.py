"""The lake's tables, declared once: the Arrow schema and its descriptions come from here."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import pyarrow as pa

MONEY: Final = pa.decimal128(38, 9)
"""Major units, exact: 29 digits before the point and 9 after it."""

INSTANT: Final = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True)
class Column:
    """A column: its Arrow type, what a value says, whether it may be null, and whether few values come again and again.

    A repeating column is stored by dictionary, which others are not: that takes time and saves nothing.

    `made_of`: the columns, as `table.column`, whose values its own are computed from; none: as the API sent it, or
    `made_with` says why. What merely tells the rows of a group apart is not repeated at each column: give a merchant
    another id, and no figure changes. `made_with`: what else decides a value and is no column: the clock, the ledger,
    a setting.
    """

    name: str
    type: pa.DataType
    description: str
    nullable: bool = True
    is_repeating: bool = False
    made_of: tuple[str, ...] = ()
    made_with: str | None = None

    @property
    def origin(self) -> str | None:
        """What it is made of, in words; null: as the API sent it."""
        names: dict[str, list[str]] = {}
        for source in self.made_of:
            table, name = source.split(".")
            names.setdefault(table, []).append(name)
        parts = [f"{table} ({', '.join(columns)})" for table, columns in names.items()]
        return "; ".join([*parts, *filter(None, [self.made_with])]) or None


@dataclass(frozen=True)
class Table:
    """A table: what one row stands for, its columns, and the order of its rows within a file.

    `grain`: the columns whose values together no two rows share. `if_broken`: what to do about an unreadable file.
    """

    name: str
    one_row_per: str
    columns: tuple[Column, ...]
    sorted_by: tuple[str, ...]
    grain: tuple[str, ...] = ()
    if_broken: str = "move it away and sync its day again"

    @cached_property
    def schema(self) -> pa.Schema:
        """The Arrow schema; each field's metadata holds its description."""
        return pa.schema(
            [pa.field(c.name, c.type, c.nullable, metadata={"description": c.description}) for c in self.columns],
            metadata={"one_row_per": self.one_row_per},
        )


TRANSACTIONS: Final = Table(
    "transactions",
    "(connection_id, id): one money movement as the API sent it last",
    (
        Column(
            "connection_id",
            pa.string(),
            "The Rutter id of the merchant's connection.",
            nullable=False,
            is_repeating=True,
        ),
        Column(
            "platform",
            pa.string(),
            "The connection's platform, as the API names it.",
            nullable=False,
            is_repeating=True,
        ),
        Column("id", pa.string(), "The Rutter id of the transaction; unique within a connection.", nullable=False),
        Column("platform_id", pa.string(), "The platform's own id of the transaction."),
        Column("order_id", pa.string(), "The Rutter id of the order; null where the platform has none."),
        Column("platform_customer_id", pa.string(), "The platform's own id of the customer."),
        Column(
            "payment_method_type",
            pa.string(),
            "cash, card, other, or a value newer than the contract.",
            is_repeating=True,
        ),
        Column(
            "status", pa.string(), "success, failure, pending, cancelled, refunded, other, or newer.", is_repeating=True
        ),
        Column("type", pa.string(), "sale, refund, void, payout, fee, other, or newer.", is_repeating=True),
        Column("amount", MONEY, "Major units with the platform's sign, exactly as sent. Null: not told."),
        Column("fee", MONEY, "The embedded fee, major units, as sent. Null: unknown, which is not zero."),
        Column("gateway", pa.string(), "The payment gateway.", is_repeating=True),
        Column("gateway_data", pa.string(), "The gateway's metadata: the JSON text as sent."),
        Column("iso_currency_code", pa.string(), "ISO 4217 code of amount and fee. Null: not told.", is_repeating=True),
        Column("platform_type", pa.string(), "The platform's own type of the transaction.", is_repeating=True),
        Column("description", pa.string(), "The description, as sent."),
        Column(
            "created_at", INSTANT, "When the transaction was created; its UTC date is the partition.", nullable=False
        ),
        Column("updated_at", INSTANT, "When the transaction was last updated.", nullable=False),
        Column("platform_data", pa.string(), "The platform's own data: the JSON text as sent."),
        Column("unknown_fields", pa.string(), "JSON object of the fields that the contract does not name. Null: none."),
        Column(
            "is_provisional", pa.bool_(), "True: read with force_fetch before the history was complete.", nullable=False
        ),
        Column("loaded_at", INSTANT, "When this content of the row was first read.", nullable=False),
    ),
    ("connection_id", "created_at", "id"),
    grain=("connection_id", "id"),
)

CONNECTIONS: Final = Table(
    "connections",
    "(snapshot_at, connection_id): one connection as the API described it at one instant",
    (
        Column("snapshot_at", INSTANT, "When the snapshot was taken.", nullable=False),
        Column("connection_id", pa.string(), "The Rutter id of the connection.", nullable=False),
        Column("platform", pa.string(), "The platform, as the API names it.", nullable=False),
        Column("name", pa.string(), "The merchant's name. Null: not told."),
        Column("status", pa.string(), "active, unhealthy, not_ready, needs_reauth, disabled, or newer."),
        Column("is_ready", pa.bool_(), "The initial sync is done: reads work. Null: the status could not be read."),
        Column("historical_sync_completed", pa.bool_(), "All history is synced: the gate. Null: as above."),
        Column("needs_update", pa.bool_(), "The merchant must log in again. Null: as above."),
        Column("is_disabled", pa.bool_(), "The connection is disabled. Null: as above."),
        Column("disabled_reason", pa.string(), "Why it is disabled, as the API names it. Null: it is not."),
        Column("synced_transactions", pa.int64(), "Transactions the API says it synced; an estimate above 1,000,000."),
        Column("oldest_transaction_at", INSTANT, "The oldest transaction the API says it has. Null: not told."),
        Column("newest_transaction_at", INSTANT, "The newest transaction the API says it has. Null: not told."),
        Column("last_sync_completed_at", INSTANT, "The API's last sync with the platform. Null: never."),
        Column("created_at", INSTANT, "When the connection was made. Null: not told."),
    ),
    ("connection_id",),
    grain=("snapshot_at", "connection_id"),
    if_broken="move it away; the next snapshot takes its place",
)

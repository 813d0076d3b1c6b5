"""The movements: what each transaction is."""

from typing import Final

import pyarrow as pa

from rutter_assets.lake.tables import INSTANT, MONEY, Column, Table
from rutter_assets.marts.tables.sources import AMOUNT, DATE, KIND, as_sent, of

MOVEMENTS: Final = Table(
    "movements",
    "(connection_id, id): one transaction and what it is",
    (
        DATE,
        *as_sent(
            Column("connection_id", pa.string(), "The Rutter id of the merchant's connection."),
            Column("platform", pa.string(), "The connection's platform, as the API names it."),
            Column("id", pa.string(), "The Rutter id of the transaction; unique within a connection."),
            Column("platform_id", pa.string(), "The platform's own id of the transaction."),
            Column("order_id", pa.string(), "The Rutter id of the order. Null: the platform has none."),
        ),
        Column(
            "parent_id",
            pa.string(),
            "The platform_id of the transaction it gives back. Null: not told.",
            made_of=of("platform_data"),
        ),
        *as_sent(Column("iso_currency_code", pa.string(), "ISO 4217 code of money and fee. XXX: not told.")),
        Column(
            "class",
            pa.string(),
            "What the transaction is: sale, refund, fee, chargeback, ..., unclassified.",
            made_of=KIND,
        ),
        *as_sent(
            Column("type", pa.string(), "sale, refund, void, payout, fee, other, or newer."),
            Column("status", pa.string(), "success, failure, pending, cancelled, refunded, other, or newer."),
        ),
        Column(
            "raw_kind",
            pa.string(),
            "platform_type, or the kind in platform_data, in lower case. Null: not told.",
            made_of=of("platform_type", "platform_data"),
        ),
        Column("is_counted", pa.bool_(), "Whether it enters the totals and counts of its class.", made_of=KIND),
        Column(
            "is_fee_credit",
            pa.bool_(),
            "Whether it is a fee row that gives a fee back.",
            made_of=of("type", "platform_type", "description", "platform_data"),
        ),
        Column(
            "money", MONEY, "abs(amount), major units; the class gives the direction. Null: not told.", made_of=AMOUNT
        ),
        *as_sent(
            Column("fee", MONEY, "abs(fee), the embedded fee, major units. Null: unknown, which is not zero."),
            Column("created_at", INSTANT, "When the transaction was created; its UTC date is date."),
            Column("updated_at", INSTANT, "When the transaction was last updated."),
        ),
    ),
    ("date", "connection_id", "id"),
    grain=("connection_id", "id"),
)

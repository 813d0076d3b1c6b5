"""The marts' tables, declared once: Arrow schema and descriptions. What the figures mean: `docs/metrics.md`."""

from typing import Final

import pyarrow as pa

from rutter_assets.lake.tables import INSTANT, MONEY, Column, Table

DATE: Final = Column("date", pa.date32(), "The UTC date of created_at.", nullable=False)
"""The partition: in the path of a mart's file and not in the file, as everywhere in the lake."""

_GRAIN: Final = (
    Column("connection_id", pa.string(), "The Rutter id of the merchant's connection.", nullable=False),
    Column("platform", pa.string(), "The connection's platform, as the API names it.", nullable=False),
    Column("iso_currency_code", pa.string(), "ISO 4217 code of all money in the row. XXX: not told.", nullable=False),
)
_SALES: Final = (
    Column("sale_count", pa.int64(), "Sales whose amount is not zero.", nullable=False),
    Column("gross_volume", MONEY, "Sum of abs(amount) of the sales, major units. 0: no sale.", nullable=False),
)
_KEY: Final = ("connection_id", "iso_currency_code")


def _null_amounts(kinds: str) -> Column:
    return Column("null_amount_count", pa.int64(), f"Counted {kinds} whose amount is null, thus in no sum.", False)


def _trailing(days: int) -> tuple[Column, Column]:
    span = f"over the {days} days that end with date; may exceed 1. Null: no"
    return (
        Column(f"refund_ratio_amount_{days}d", pa.float64(), f"Refunds / volume, each summed {span} volume."),
        Column(f"refund_ratio_count_{days}d", pa.float64(), f"Refunds / sales, each counted {span} sale."),
    )


FEE_TOTALS: Final = Table(
    "fee_totals",
    "(date, connection_id, iso_currency_code) with at least one counted sale, refund or fee",
    (
        *_GRAIN,
        *_SALES,
        Column("sale_fees", MONEY, "Sum of abs(fee) embedded in the sales, major units.", nullable=False),
        Column("refund_fees", MONEY, "Sum of abs(fee) embedded in the refunds, major units.", nullable=False),
        Column(
            "standalone_fees",
            MONEY,
            "Sum of abs(amount) of the fee rows, major units, less fee credits and fees embedded too. May be negative.",
            nullable=False,
        ),
        Column("fees_total", MONEY, "sale_fees + refund_fees + standalone_fees, major units.", nullable=False),
        Column("fee_known_volume", MONEY, "Sum of abs(amount) of sales with a known fee, major units.", nullable=False),
        Column("fee_coverage", pa.float64(), "fee_known_volume / gross_volume, 0 to 1. Null: no volume."),
        Column("effective_fee_rate", pa.float64(), "sale_fees / fee_known_volume. Null: no volume with a known fee."),
        Column("all_in_fee_rate", pa.float64(), "fees_total / gross_volume. Null: no volume."),
        _null_amounts("sales, refunds and fees"),
    ),
    _KEY,
)

REFUND_RATIOS: Final = Table(
    "refund_ratios",
    "(date, connection_id, iso_currency_code) with at least one counted sale, refund, chargeback or reversal",
    (
        *_GRAIN,
        *_SALES,
        Column("refund_count", pa.int64(), "Refunds whose amount is not zero.", nullable=False),
        Column("refund_amount", MONEY, "Sum of abs(amount) of the refunds, major units. 0: no refund.", nullable=False),
        Column("refund_ratio_amount", pa.float64(), "refund_amount / gross_volume, may exceed 1. Null: no volume."),
        Column("refund_ratio_count", pa.float64(), "refund_count / sale_count, may exceed 1. Null: no sale."),
        *_trailing(7),
        *_trailing(30),
        Column("chargeback_count", pa.int64(), "Counted chargebacks.", nullable=False),
        Column("chargeback_amount", MONEY, "Sum of abs(amount) of the chargebacks, major units.", nullable=False),
        Column(
            "chargeback_reversal_amount",
            MONEY,
            "Sum of abs(amount) of the chargebacks won or reversed, major units.",
            nullable=False,
        ),
        Column(
            "net_volume",
            MONEY,
            "gross_volume - refund_amount - chargeback_amount + chargeback_reversal_amount, major units.",
            nullable=False,
        ),
        _null_amounts("sales, refunds, chargebacks and reversals"),
    ),
    _KEY,
)


def _within(days: int) -> Column:
    known = f"Null: the cohort is not {days} days old."
    return Column(f"refunded_amount_r{days}", MONEY, f"The part of refunded_amount of the first {days} days. {known}")


def _rate(days: int) -> Column:
    known = "Null: that is, or no volume, or link_coverage is under 0.95."
    return Column(f"refund_rate_r{days}", pa.float64(), f"refunded_amount_r{days} / gross_volume, 0 to 1. {known}")


REFUND_COHORTS: Final = Table(
    "refund_cohorts",
    "(date, connection_id, iso_currency_code) with at least one counted sale, or an unlinked refund of that day",
    (
        *_GRAIN,
        *_SALES,
        *(_within(days) for days in (7, 30, 60, 90)),
        Column(
            "refunded_amount",
            MONEY,
            "What was given back of these sales so far, each sale up to its amount, major units.",
            nullable=False,
        ),
        *(_rate(days) for days in (7, 30, 60, 90)),
        Column(
            "refund_rate_to_date",
            pa.float64(),
            "refunded_amount / gross_volume, 0 to 1. Null: no volume, or link_coverage is under 0.95.",
        ),
        Column(
            "over_refund_amount",
            MONEY,
            "What refunds of these sales exceed them by, major units; not in refunded_amount.",
            nullable=False,
        ),
        Column(
            "unlinked_refund_amount",
            MONEY,
            "Refunds that happened on date and belong to no known sale, major units; not in refunded_amount.",
            nullable=False,
        ),
        Column(
            "link_coverage",
            pa.float64(),
            "Share of the refund amount of date and the 90 days after it that belongs to known sales. Null: none.",
        ),
        Column(
            "inferred_refund_amount",
            MONEY,
            "Sales with status refunded for 48 h and without a refund, major units; not in refunded_amount.",
            nullable=False,
        ),
        _null_amounts("sales"),
    ),
    _KEY,
)

MOVEMENTS: Final = Table(
    "movements",
    "(connection_id, id): one transaction and what it is",
    (
        DATE,
        Column("connection_id", pa.string(), "The Rutter id of the merchant's connection."),
        Column("platform", pa.string(), "The connection's platform, as the API names it."),
        Column("id", pa.string(), "The Rutter id of the transaction; unique within a connection."),
        Column("platform_id", pa.string(), "The platform's own id of the transaction."),
        Column("order_id", pa.string(), "The Rutter id of the order. Null: the platform has none."),
        Column("parent_id", pa.string(), "The platform_id of the transaction it gives back. Null: not told."),
        Column("iso_currency_code", pa.string(), "ISO 4217 code of money and fee. XXX: not told."),
        Column("class", pa.string(), "What the transaction is: sale, refund, fee, chargeback, ..., unclassified."),
        Column("status", pa.string(), "success, failure, pending, cancelled, refunded, other, or newer."),
        Column("raw_kind", pa.string(), "platform_type, or the kind in platform_data, in lower case. Null: not told."),
        Column("is_counted", pa.bool_(), "Whether it enters the totals and counts of its class."),
        Column("is_fee_credit", pa.bool_(), "Whether it is a fee row that gives a fee back."),
        Column("money", MONEY, "abs(amount), major units; the class gives the direction. Null: not told."),
        Column("fee", MONEY, "abs(fee), the embedded fee, major units. Null: unknown, which is not zero."),
        Column("created_at", INSTANT, "When the transaction was created; its UTC date is date."),
        Column("updated_at", INSTANT, "When the transaction was last updated."),
    ),
    ("date", "connection_id", "id"),
)

COMPLETENESS: Final = Table(
    "completeness",
    "connection_id: how what is stored of one connection compares with the source's own counter",
    (
        Column("connection_id", pa.string(), "The Rutter id of the connection.", nullable=False),
        Column("platform", pa.string(), "The connection's platform, as the API names it.", nullable=False),
        Column("name", pa.string(), "The merchant's name. Null: not told."),
        Column("verdict", pa.string(), "complete, behind, ahead, not_provable or not_loaded.", nullable=False),
        Column("reason", pa.string(), "The verdict in a sentence.", nullable=False),
        Column("stored_count", pa.int64(), "Distinct ids stored, created up to counted_until.", nullable=False),
        Column("source_count", pa.int64(), "The source's own counter in the snapshot. Null: not told."),
        Column("is_estimate", pa.bool_(), "The source's counter is an estimate: above 1,000,000.", nullable=False),
        Column("counted_until", INSTANT, "Rows created later were not yet the source's; none counts.", nullable=False),
        Column("snapshot_at", INSTANT, "When the snapshot that is compared with was taken. Null: there is none."),
        Column("source_oldest_at", INSTANT, "The source's oldest transaction in the snapshot. Null: not told."),
        Column("source_newest_at", INSTANT, "The source's newest transaction in the snapshot. Null: not told."),
        Column("stored_oldest_at", INSTANT, "The oldest created_at of those stored_count. Null: none."),
        Column("stored_newest_at", INSTANT, "The newest created_at of those stored_count. Null: none."),
        Column("horizon", pa.string(), "start_date_limited, platform_limited or none.", nullable=False),
        Column(
            "source_lag_s", pa.int64(), "Seconds from the source's last sync to the newest snapshot. Null: not told."
        ),
        Column("pull_lag_s", pa.int64(), "Seconds from our watermark to judged_at. Null: not loaded."),
        Column(
            "stale_because", pa.string(), "reauth, disabled:<reason>, source_sync, our_pull or none.", nullable=False
        ),
        Column("judged_at", INSTANT, "When this was judged.", nullable=False),
    ),
    ("connection_id",),
    if_broken="move it away and compute it again",
)

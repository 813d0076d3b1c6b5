"""The marts' tables, declared once: Arrow schema and descriptions. What the figures mean: `docs/metrics.md`."""

from dataclasses import replace
from typing import Final

import pyarrow as pa

from rutter_assets.lake.tables import INSTANT, MONEY, Column, Table


def _of(*names: str) -> tuple[str, ...]:
    return tuple(f"transactions.{name}" for name in names)


def _from(sources: tuple[str, ...], *columns: Column, made_with: str | None = None) -> tuple[Column, ...]:
    """The columns, all made of these sources."""
    return tuple(replace(column, made_of=sources, made_with=made_with) for column in columns)


def _as_sent(*columns: Column) -> tuple[Column, ...]:
    """The columns, each made of the one of its name in `transactions`."""
    return tuple(replace(column, made_of=_of(column.name)) for column in columns)


_KIND: Final = _of("type", "status", "platform_type", "description", "platform_data")
"""What decides which movement a transaction is, and whether it counts."""
_DISPUTE: Final = _of("status", "platform_type", "description", "platform_data")
_AMOUNT: Final = _of("amount")
_FEE: Final = _of("amount", "fee")
_SALE: Final = _of("id", "platform_id", "order_id")
"""What decides, besides a refund's own `platform_data`, whether it belongs to a known sale."""
_WHEN: Final = _of("created_at")
_AGE: Final = "the day on which it is computed"

DATE: Final = Column("date", pa.date32(), "The UTC date of created_at.", nullable=False, made_of=_WHEN)
"""The partition: in the path of a mart's file and not in the file, as everywhere in the lake."""

_GRAIN: Final = _as_sent(
    Column("connection_id", pa.string(), "The Rutter id of the merchant's connection.", nullable=False),
    Column("platform", pa.string(), "The connection's platform, as the API names it.", nullable=False),
    Column("iso_currency_code", pa.string(), "ISO 4217 code of all money in the row. XXX: not told.", nullable=False),
)
_SALES: Final = _from(
    _KIND + _AMOUNT,
    Column("sale_count", pa.int64(), "Sales whose amount is not zero.", nullable=False),
    Column("gross_volume", MONEY, "Sum of abs(amount) of the sales, major units. 0: no sale.", nullable=False),
)
_KEY: Final = ("connection_id", "iso_currency_code")


def _null_amounts(kinds: str) -> Column:
    said = f"Counted {kinds} whose amount is null, thus in no sum."
    return Column("null_amount_count", pa.int64(), said, nullable=False, made_of=_KIND + _AMOUNT)


def _trailing(days: int) -> tuple[Column, ...]:
    span = f"over the {days} days that end with date; may exceed 1. Null: no"
    return _from(
        _KIND + _AMOUNT + _WHEN,
        Column(f"refund_ratio_amount_{days}d", pa.float64(), f"Refunds / volume, each summed {span} volume."),
        Column(f"refund_ratio_count_{days}d", pa.float64(), f"Refunds / sales, each counted {span} sale."),
    )


FEE_TOTALS: Final = Table(
    "fee_totals",
    "(date, connection_id, iso_currency_code) with at least one counted sale, refund or fee",
    (
        *_GRAIN,
        *_SALES,
        *_from(
            _KIND + _FEE,
            Column("sale_fees", MONEY, "Sum of abs(fee) embedded in the sales, major units.", nullable=False),
            Column("refund_fees", MONEY, "Sum of abs(fee) embedded in the refunds, major units.", nullable=False),
        ),
        *_from(
            _KIND + _FEE + _of("order_id"),
            Column(
                "standalone_fees",
                MONEY,
                "Sum of abs(amount) of the fee rows, major units, less fee credits and fees embedded too."
                " May be negative.",
                nullable=False,
            ),
            Column("fees_total", MONEY, "sale_fees + refund_fees + standalone_fees, major units.", nullable=False),
        ),
        *_from(
            _KIND + _FEE,
            Column(
                "fee_known_volume", MONEY, "Sum of abs(amount) of sales with a known fee, major units.", nullable=False
            ),
            Column("fee_coverage", pa.float64(), "fee_known_volume / gross_volume, 0 to 1. Null: no volume."),
            Column(
                "effective_fee_rate", pa.float64(), "sale_fees / fee_known_volume. Null: no volume with a known fee."
            ),
        ),
        *_from(
            _KIND + _FEE + _of("order_id"),
            Column("all_in_fee_rate", pa.float64(), "fees_total / gross_volume. Null: no volume."),
        ),
        _null_amounts("sales, refunds and fees"),
    ),
    _KEY,
    grain=("date", *_KEY),
)

REFUND_RATIOS: Final = Table(
    "refund_ratios",
    "(date, connection_id, iso_currency_code) with at least one counted sale, refund, chargeback or reversal",
    (
        *_GRAIN,
        *_SALES,
        *_from(
            _KIND + _AMOUNT,
            Column("refund_count", pa.int64(), "Refunds whose amount is not zero.", nullable=False),
            Column(
                "refund_amount", MONEY, "Sum of abs(amount) of the refunds, major units. 0: no refund.", nullable=False
            ),
            Column("refund_ratio_amount", pa.float64(), "refund_amount / gross_volume, may exceed 1. Null: no volume."),
            Column("refund_ratio_count", pa.float64(), "refund_count / sale_count, may exceed 1. Null: no sale."),
        ),
        *_trailing(7),
        *_trailing(30),
        Column("chargeback_count", pa.int64(), "Counted chargebacks.", nullable=False, made_of=_DISPUTE),
        *_from(
            _DISPUTE + _AMOUNT,
            Column("chargeback_amount", MONEY, "Sum of abs(amount) of the chargebacks, major units.", nullable=False),
            Column(
                "chargeback_reversal_amount",
                MONEY,
                "Sum of abs(amount) of the chargebacks won or reversed, major units.",
                nullable=False,
            ),
        ),
        Column(
            "net_volume",
            MONEY,
            "gross_volume - refund_amount - chargeback_amount + chargeback_reversal_amount, major units.",
            nullable=False,
            made_of=_KIND + _AMOUNT,
        ),
        _null_amounts("sales, refunds, chargebacks and reversals"),
    ),
    _KEY,
    grain=("date", *_KEY),
)


_LINKED: Final = _KIND + _AMOUNT + _SALE + _WHEN
"""What decides which refund belongs to which sale, and how much of it: the oldest come first."""


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
        *_from(_LINKED, *(_within(days) for days in (7, 30, 60, 90)), made_with=_AGE),
        Column(
            "refunded_amount",
            MONEY,
            "What was given back of these sales so far, each sale up to its amount, major units.",
            nullable=False,
            made_of=_LINKED,
        ),
        *_from(_LINKED, *(_rate(days) for days in (7, 30, 60, 90)), made_with=_AGE),
        Column(
            "refund_rate_to_date",
            pa.float64(),
            "refunded_amount / gross_volume, 0 to 1. Null: no volume, or link_coverage is under 0.95.",
            made_of=_LINKED,
        ),
        Column(
            "over_refund_amount",
            MONEY,
            "What refunds of these sales exceed them by, major units; not in refunded_amount.",
            nullable=False,
            made_of=_LINKED,
        ),
        Column(
            "unlinked_refund_amount",
            MONEY,
            "Refunds that happened on date and belong to no known sale, major units; not in refunded_amount.",
            nullable=False,
            made_of=_KIND + _AMOUNT + _SALE,
        ),
        Column(
            "link_coverage",
            pa.float64(),
            "Share of the refund amount of date and the 90 days after it that belongs to known sales. Null: none.",
            made_of=_LINKED,
        ),
        Column(
            "inferred_refund_amount",
            MONEY,
            "Sales with status refunded for 48 h and without a refund, major units; not in refunded_amount.",
            nullable=False,
            made_of=_LINKED + _of("updated_at"),
            made_with=_AGE,
        ),
        _null_amounts("sales"),
    ),
    _KEY,
    grain=("date", *_KEY),
)

MOVEMENTS: Final = Table(
    "movements",
    "(connection_id, id): one transaction and what it is",
    (
        DATE,
        *_as_sent(
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
            made_of=_of("platform_data"),
        ),
        *_as_sent(Column("iso_currency_code", pa.string(), "ISO 4217 code of money and fee. XXX: not told.")),
        Column(
            "class",
            pa.string(),
            "What the transaction is: sale, refund, fee, chargeback, ..., unclassified.",
            made_of=_KIND,
        ),
        *_as_sent(
            Column("type", pa.string(), "sale, refund, void, payout, fee, other, or newer."),
            Column("status", pa.string(), "success, failure, pending, cancelled, refunded, other, or newer."),
        ),
        Column(
            "raw_kind",
            pa.string(),
            "platform_type, or the kind in platform_data, in lower case. Null: not told.",
            made_of=_of("platform_type", "platform_data"),
        ),
        Column("is_counted", pa.bool_(), "Whether it enters the totals and counts of its class.", made_of=_KIND),
        Column(
            "is_fee_credit",
            pa.bool_(),
            "Whether it is a fee row that gives a fee back.",
            made_of=_of("type", "platform_type", "description", "platform_data"),
        ),
        Column(
            "money", MONEY, "abs(amount), major units; the class gives the direction. Null: not told.", made_of=_AMOUNT
        ),
        *_as_sent(
            Column("fee", MONEY, "abs(fee), the embedded fee, major units. Null: unknown, which is not zero."),
            Column("created_at", INSTANT, "When the transaction was created; its UTC date is date."),
            Column("updated_at", INSTANT, "When the transaction was last updated."),
        ),
    ),
    ("date", "connection_id", "id"),
    grain=("connection_id", "id"),
)


def _told(*names: str) -> tuple[str, ...]:
    return tuple(f"connections.{name}" for name in names)


_UNTIL: Final = _told("last_sync_completed_at", "newest_transaction_at", "snapshot_at")
_VERDICT: Final = _of("id", "created_at") + _UNTIL + _told("synced_transactions", "oldest_transaction_at")
_STATE: Final = _told("status", "historical_sync_completed", "needs_update", "is_disabled", "disabled_reason")


def _of_marts(name: str) -> tuple[str, ...]:
    return tuple(f"{mart.name}.{name}" for mart in (FEE_TOTALS, REFUND_RATIOS, REFUND_COHORTS))


_FIGURE: Final = "the mart's own column that `metric` names"

RESTATEMENTS: Final = Table(
    "restatements",
    "(mart, date, connection_id, iso_currency_code, metric, known_at): one figure of a mart that became another",
    (
        Column("mart", pa.string(), "The mart.", nullable=False, is_repeating=True, made_with="the mart's name"),
        Column(
            "date",
            pa.date32(),
            "The day of the figure, not of its change.",
            nullable=False,
            is_repeating=True,
            made_of=_of_marts("date"),
        ),
        Column(
            "connection_id",
            pa.string(),
            "The Rutter id of the merchant's connection.",
            nullable=False,
            is_repeating=True,
            made_of=_of_marts("connection_id"),
        ),
        Column(
            "platform",
            pa.string(),
            "The connection's platform, as the API names it.",
            nullable=False,
            is_repeating=True,
            made_of=_of_marts("platform"),
        ),
        Column(
            "iso_currency_code",
            pa.string(),
            "The currency of the row that holds the figure.",
            nullable=False,
            is_repeating=True,
            made_of=_of_marts("iso_currency_code"),
        ),
        Column(
            "metric",
            pa.string(),
            "The mart's column that holds the figure.",
            nullable=False,
            is_repeating=True,
            made_with="the names of the mart's columns",
        ),
        Column(
            "before",
            pa.string(),
            "The figure until known_at, exact, as text. Null: it was null, or there was no row.",
            made_with=_FIGURE,
        ),
        Column(
            "after",
            pa.string(),
            "The figure from known_at on, exact, as text. Null: it is null, or the row is gone.",
            made_with=_FIGURE,
        ),
        Column(
            "known_at",
            INSTANT,
            "When the other figure became known.",
            nullable=False,
            is_repeating=True,
            made_with="the clock",
        ),
        Column(
            "run_id",
            pa.string(),
            "The Dagster run that found it. Null: the command line.",
            is_repeating=True,
            made_with="the run",
        ),
    ),
    ("known_at", "mart", "date", "connection_id", "iso_currency_code", "metric"),
    grain=("mart", "date", "connection_id", "iso_currency_code", "metric", "known_at"),
    if_broken="bring it back from a backup, or move it away: what it recorded cannot be made again",
)

PUBLISHED: Final = Table(
    "published",
    "(mart, date): when a day of a mart was first computed; what became another later is a restatement",
    (
        Column("mart", pa.string(), "The mart.", nullable=False, is_repeating=True, made_with="the mart's name"),
        Column("date", pa.date32(), "The day of the mart.", nullable=False, made_of=_of_marts("date")),
        Column(
            "known_at",
            INSTANT,
            "When its figures were first computed.",
            nullable=False,
            is_repeating=True,
            made_with="the clock",
        ),
        Column(
            "run_id",
            pa.string(),
            "The Dagster run that did it. Null: the command line.",
            is_repeating=True,
            made_with="the run",
        ),
    ),
    ("date", "mart"),
    grain=("mart", "date"),
    if_broken="bring it back from a backup, or move it away: the days then count as first computed by the next run",
)

COMPLETENESS: Final = Table(
    "completeness",
    "connection_id: how what is stored of one connection compares with the source's own counter",
    (
        *_from(
            _told("connection_id"),
            Column("connection_id", pa.string(), "The Rutter id of the connection.", nullable=False),
            made_with="the ledgers, which know connections that no snapshot lists",
        ),
        *_from(
            _told("platform"),
            Column("platform", pa.string(), "The connection's platform, as the API names it.", nullable=False),
            made_with="the ledger, where no snapshot lists it",
        ),
        Column("name", pa.string(), "The merchant's name. Null: not told.", made_of=_told("name")),
        *_from(
            _VERDICT,
            Column("verdict", pa.string(), "complete, behind, ahead, not_provable or not_loaded.", nullable=False),
            made_with="the ledger, RUTTER_START_DATE",
        ),
        *_from(
            _VERDICT + _STATE,
            Column("reason", pa.string(), "The verdict in a sentence.", nullable=False),
            made_with="the ledger, RUTTER_START_DATE",
        ),
        *_from(
            _of("id", "created_at") + _UNTIL,
            Column("stored_count", pa.int64(), "Distinct ids stored, created up to counted_until.", nullable=False),
        ),
        *_from(
            _told("synced_transactions"),
            Column("source_count", pa.int64(), "The source's own counter in the snapshot. Null: not told."),
            Column("is_estimate", pa.bool_(), "The source's counter is an estimate: above 1,000,000.", nullable=False),
        ),
        *_from(
            _UNTIL,
            Column(
                "counted_until", INSTANT, "Rows created later were not yet the source's; none counts.", nullable=False
            ),
            made_with="the clock, where no snapshot lists it",
        ),
        *_from(
            _told("snapshot_at"),
            Column("snapshot_at", INSTANT, "When the snapshot that is compared with was taken. Null: there is none."),
        ),
        *_from(
            _told("oldest_transaction_at"),
            Column("source_oldest_at", INSTANT, "The source's oldest transaction in the snapshot. Null: not told."),
        ),
        *_from(
            _told("newest_transaction_at"),
            Column("source_newest_at", INSTANT, "The source's newest transaction in the snapshot. Null: not told."),
        ),
        *_from(
            _WHEN + _UNTIL,
            Column("stored_oldest_at", INSTANT, "The oldest created_at of those stored_count. Null: none."),
            Column("stored_newest_at", INSTANT, "The newest created_at of those stored_count. Null: none."),
        ),
        *_from(
            _told("oldest_transaction_at", "platform"),
            Column("horizon", pa.string(), "start_date_limited, platform_limited or none.", nullable=False),
            made_with="RUTTER_START_DATE",
        ),
        *_from(
            _told("last_sync_completed_at", "snapshot_at"),
            Column(
                "source_lag_s",
                pa.int64(),
                "Seconds from the source's last sync to the newest snapshot. Null: not told.",
            ),
        ),
        Column(
            "pull_lag_s",
            pa.int64(),
            "Seconds from our watermark to judged_at. Null: not loaded.",
            made_with="the ledger, the clock",
        ),
        *_from(
            _STATE + _told("last_sync_completed_at", "snapshot_at"),
            Column(
                "stale_because",
                pa.string(),
                "reauth, disabled:<reason>, source_sync, our_pull or none.",
                nullable=False,
            ),
            made_with="the ledger, the clock",
        ),
        Column("judged_at", INSTANT, "When this was judged.", nullable=False, made_with="the clock"),
    ),
    ("connection_id",),
    grain=("connection_id",),
    if_broken="move it away and compute it again",
)

"""The three marts: fees, refunds by the day they happened, refunds by the day of the sale."""

from typing import Final

import pyarrow as pa

from rutter_assets.lake.tables import MONEY, Column, Table
from rutter_assets.marts.tables.sources import AMOUNT, DISPUTE, KIND, WHEN, as_sent, made_from, of

_FEE: Final = of("amount", "fee")
_SALE: Final = of("id", "platform_id", "order_id")
"""What decides, besides a refund's own `platform_data`, whether it belongs to a known sale."""
_AGE: Final = "the day on which it is computed"

_GRAIN: Final = as_sent(
    Column("connection_id", pa.string(), "The Rutter id of the merchant's connection.", nullable=False),
    Column("platform", pa.string(), "The connection's platform, as the API names it.", nullable=False),
    Column("iso_currency_code", pa.string(), "ISO 4217 code of all money in the row. XXX: not told.", nullable=False),
)
_SALES: Final = made_from(
    KIND + AMOUNT,
    Column("sale_count", pa.int64(), "Sales whose amount is not zero.", nullable=False),
    Column("gross_volume", MONEY, "Sum of abs(amount) of the sales, major units. 0: no sale.", nullable=False),
)
_KEY: Final = ("connection_id", "iso_currency_code")


def _null_amounts(kinds: str) -> Column:
    said = f"Counted {kinds} whose amount is null, thus in no sum."
    return Column("null_amount_count", pa.int64(), said, nullable=False, made_of=KIND + AMOUNT)


def _trailing(days: int) -> tuple[Column, ...]:
    span = f"over the {days} days that end with date; may exceed 1. Null: no"
    return made_from(
        KIND + AMOUNT + WHEN,
        Column(f"refund_ratio_amount_{days}d", pa.float64(), f"Refunds / volume, each summed {span} volume."),
        Column(f"refund_ratio_count_{days}d", pa.float64(), f"Refunds / sales, each counted {span} sale."),
    )


FEE_TOTALS: Final = Table(
    "fee_totals",
    "(date, connection_id, iso_currency_code) with at least one counted sale, refund or fee",
    (
        *_GRAIN,
        *_SALES,
        *made_from(
            KIND + _FEE,
            Column("sale_fees", MONEY, "Sum of abs(fee) embedded in the sales, major units.", nullable=False),
            Column("refund_fees", MONEY, "Sum of abs(fee) embedded in the refunds, major units.", nullable=False),
        ),
        *made_from(
            KIND + _FEE + of("order_id"),
            Column(
                "standalone_fees",
                MONEY,
                "Sum of abs(amount) of the fee rows, major units, less fee credits and fees embedded too."
                " May be negative.",
                nullable=False,
            ),
            Column("fees_total", MONEY, "sale_fees + refund_fees + standalone_fees, major units.", nullable=False),
        ),
        *made_from(
            KIND + _FEE,
            Column(
                "fee_known_volume", MONEY, "Sum of abs(amount) of sales with a known fee, major units.", nullable=False
            ),
            Column("fee_coverage", pa.float64(), "fee_known_volume / gross_volume, 0 to 1. Null: no volume."),
            Column(
                "effective_fee_rate", pa.float64(), "sale_fees / fee_known_volume. Null: no volume with a known fee."
            ),
        ),
        *made_from(
            KIND + _FEE + of("order_id"),
            Column("all_in_fee_rate", pa.float64(), "fees_total / gross_volume. Null: no volume."),
        ),
        _null_amounts("sales, refunds and fees"),
    ),
    _KEY,
    grain=("date", *_KEY),
    if_broken="move it away and compute its day again",
)

REFUND_RATIOS: Final = Table(
    "refund_ratios",
    "(date, connection_id, iso_currency_code) with at least one counted sale, refund, chargeback or reversal",
    (
        *_GRAIN,
        *_SALES,
        *made_from(
            KIND + AMOUNT,
            Column("refund_count", pa.int64(), "Refunds whose amount is not zero.", nullable=False),
            Column(
                "refund_amount", MONEY, "Sum of abs(amount) of the refunds, major units. 0: no refund.", nullable=False
            ),
            Column("refund_ratio_amount", pa.float64(), "refund_amount / gross_volume, may exceed 1. Null: no volume."),
            Column("refund_ratio_count", pa.float64(), "refund_count / sale_count, may exceed 1. Null: no sale."),
        ),
        *_trailing(7),
        *_trailing(30),
        Column("chargeback_count", pa.int64(), "Counted chargebacks.", nullable=False, made_of=DISPUTE),
        *made_from(
            DISPUTE + AMOUNT,
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
            made_of=KIND + AMOUNT,
        ),
        _null_amounts("sales, refunds, chargebacks and reversals"),
    ),
    _KEY,
    grain=("date", *_KEY),
    if_broken="move it away and compute its day again",
)


_LINKED: Final = KIND + AMOUNT + _SALE + WHEN
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
        *made_from(_LINKED, *(_within(days) for days in (7, 30, 60, 90)), made_with=_AGE),
        Column(
            "refunded_amount",
            MONEY,
            "What was given back of these sales so far, each sale up to its amount, major units.",
            nullable=False,
            made_of=_LINKED,
        ),
        *made_from(_LINKED, *(_rate(days) for days in (7, 30, 60, 90)), made_with=_AGE),
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
            made_of=KIND + AMOUNT + _SALE,
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
            made_of=_LINKED + of("updated_at"),
            made_with=_AGE,
        ),
        _null_amounts("sales"),
    ),
    _KEY,
    grain=("date", *_KEY),
    if_broken="move it away and compute its day again",
)

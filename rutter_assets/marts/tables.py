"""The marts' tables, declared once: Arrow schema and descriptions. What the figures mean: `docs/metrics.md`."""

from typing import Final

import pyarrow as pa

from rutter_assets.lake.tables import MONEY, Column, Table

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

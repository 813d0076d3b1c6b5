"""The marts' tables, declared once: Arrow schema and descriptions. What the figures mean: `docs/metrics.md`."""

from rutter_assets.marts.tables.completeness import COMPLETENESS
from rutter_assets.marts.tables.figures import FEE_TOTALS, REFUND_COHORTS, REFUND_RATIOS
from rutter_assets.marts.tables.movements import MOVEMENTS
from rutter_assets.marts.tables.restatements import PUBLISHED, RESTATEMENTS
from rutter_assets.marts.tables.sources import DATE

__all__ = [
    "COMPLETENESS",
    "DATE",
    "FEE_TOTALS",
    "MOVEMENTS",
    "PUBLISHED",
    "REFUND_COHORTS",
    "REFUND_RATIOS",
    "RESTATEMENTS",
]

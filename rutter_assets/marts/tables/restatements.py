"""What became known later: figures that became others, and when each day was first computed."""

from typing import Final

import pyarrow as pa

from rutter_assets.lake.tables import INSTANT, Column, Table
from rutter_assets.marts.tables.figures import FEE_TOTALS, REFUND_COHORTS, REFUND_RATIOS


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

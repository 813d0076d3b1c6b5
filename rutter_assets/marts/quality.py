"""What the asset checks ask: do the marts hold the transactions' money, and are the transactions as they should be?"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Final

import duckdb
import pyarrow as pa
from iso4217 import Currency

from rutter_assets.lake.lake import Lake
from rutter_assets.lake.tables import TRANSACTIONS
from rutter_assets.marts import engine
from rutter_assets.marts.mart import MOVEMENT_COLUMNS, Mart, read_days, sums_by_currency

Figures = dict[str, dict[str, Decimal]]
"""Sums and counts by currency, then by column."""

_WITHDRAWN: Final = ("ANG", "BGN", "BYR", "CUC", "HRK", "LTL", "MRO", "SLL", "STD", "VEF", "ZWL")
"""Codes that ISO 4217 withdrew since 2015: a merchant's history still holds them."""


@dataclass(frozen=True)
class Conservation:
    """A mart's sums on disk beside what the transactions on disk add up to; currencies without any are left out."""

    mart: Figures
    transactions: Figures

    @property
    def is_conserved(self) -> bool:
        """Nothing was lost, and nothing was added."""
        return self.mart == self.transactions

    @property
    def differences(self) -> Figures:
        """Where they are not equal: the mart's figure less the transactions'."""
        found: Figures = {}
        for currency in sorted({*self.mart, *self.transactions}):
            ours, theirs = self.mart.get(currency, {}), self.transactions.get(currency, {})
            for column in {**ours, **theirs}:
                difference = ours.get(column, Decimal(0)) - theirs.get(column, Decimal(0))
                if difference:
                    found.setdefault(currency, {})[column] = difference
        return found


@dataclass(frozen=True)
class Unclassified:
    """How many of the transactions no rule of `docs/metrics.md` knows."""

    unclassified_count: int
    row_count: int

    @property
    def share(self) -> float:
        """0 to 1; 0 where there are no rows."""
        return self.unclassified_count / self.row_count if self.row_count else 0.0


@dataclass(frozen=True)
class Quality:
    """How many transactions of some days there are, and how many are not what they should be.

    `duplicate_count`: rows beyond the first of one (connection_id, id). `misplaced_count`: rows in the file of a day
    that is not the UTC date of their `created_at`. `unknown_currency_count`: codes that ISO 4217 does not know, in the
    spelling sent.
    """

    row_count: int
    duplicate_count: int
    misplaced_count: int
    null_currency_count: int
    unknown_currency_count: int
    unclassified_count: int

    @property
    def unclassified(self) -> Unclassified:
        return Unclassified(self.unclassified_count, self.row_count)


def conservation(lake: Lake, mart: Mart, days: Iterable[date]) -> Conservation:
    """Compare a mart's days on disk with their transactions on disk; a mart that is not up to date differs too.

    A mart that `is_of_all_days` holds a day's money on other days, so all days are compared.
    """
    wanted = None if mart.is_of_all_days else set(days)
    figures = mart.conserved or {field.name: (field.name,) for field in mart.table.schema if _is_additive(field.type)}
    columns = [column for columns in figures.values() for column in columns]
    ours: Figures = {}
    for _, rows in read_days(lake, mart, wanted):
        for currency, sums in sums_by_currency(rows, columns).items():
            total = ours.setdefault(currency, dict.fromkeys(figures, Decimal(0)))
            for figure, parts in figures.items():
                for part in parts:
                    total[figure] += sums[part]
    theirs: Figures = {}
    with _transactions(lake, wanted) as connection:
        for row in connection.sql(engine.sql("conservation")).to_arrow_table().to_pylist():
            theirs[row["iso_currency_code"]] = {
                figure: Decimal(row[figure] if figure in row else row[f"{mart.name}_{figure}"]) for figure in figures
            }
    return Conservation(_told(ours), _told(theirs))


def quality(lake: Lake, days: Iterable[date]) -> Quality:
    """What the given days' transactions look like, in one query."""
    with _transactions(lake, days) as connection:
        engine.define(connection, "movements")
        found = connection.sql(engine.sql("quality"), params={"currencies": _currencies()}).fetchall()
    return Quality(*found[0])


def unclassified(lake: Lake, days: Iterable[date]) -> Unclassified:
    """How many of the given days' transactions are unclassified, of how many."""
    return quality(lake, days).unclassified


@contextmanager
def _transactions(lake: Lake, days: Iterable[date] | None) -> Iterator[duckdb.DuckDBPyConnection]:
    with engine.engine() as connection:
        paths = lake.transaction_files(None if days is None else sorted(set(days)))
        engine.bind(connection, lake, TRANSACTIONS, paths, MOVEMENT_COLUMNS)
        yield connection


@cache
def _currencies() -> list[str]:
    return sorted({*(currency.code for currency in Currency), *_WITHDRAWN})


def _is_additive(type_: pa.DataType) -> bool:
    return bool(pa.types.is_decimal(type_) or pa.types.is_integer(type_))


def _told(figures: Figures) -> Figures:
    return {currency: sums for currency, sums in sorted(figures.items()) if any(sums.values())}

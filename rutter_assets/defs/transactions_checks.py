"""The checks of `rutter/transactions`: of the days that a run touched; run by themselves, of all days on disk."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

import dagster as dg

from rutter_assets.defs.keys import TRANSACTIONS
from rutter_assets.marts.quality import Quality

UNCLASSIFIED_LIMIT: Final = 0.005

TRANSACTIONS_CHECKS: Final = (
    dg.AssetCheckSpec(
        "unique_id_per_connection",
        asset=TRANSACTIONS,
        description="No two rows share connection_id and id.",
    ),
    dg.AssetCheckSpec(
        "created_at_inside_partition",
        asset=TRANSACTIONS,
        description="Every row lies in the file of the UTC day of its created_at.",
    ),
    dg.AssetCheckSpec(
        "known_currency",
        asset=TRANSACTIONS,
        description="Every row names a currency of ISO 4217; where none is told, the marts say XXX.",
    ),
    dg.AssetCheckSpec(
        "unclassified_under_half_a_percent",
        asset=TRANSACTIONS,
        description="Less than 0.5 % of the rows are of no class that docs/metrics.md defines.",
    ),
)


@dataclass(frozen=True)
class _Answer:
    passed: bool
    severity: dg.AssetCheckSeverity
    sentence: str
    counts: dict[str, int | float]


def check_results(quality: Quality, selected: Collection[dg.AssetCheckKey]) -> Iterator[dg.AssetCheckResult]:
    """The results of the selected checks."""
    for key in sorted(selected, key=lambda one: one.name):
        answer = _ANSWERS[key.name](quality)
        yield dg.AssetCheckResult(
            asset_key=TRANSACTIONS,
            check_name=key.name,
            passed=answer.passed,
            severity=answer.severity,
            description=answer.sentence,
            metadata={"rows": quality.row_count, **answer.counts},
        )


def _unique(quality: Quality) -> _Answer:
    count = quality.duplicate_count
    return _Answer(
        count == 0, dg.AssetCheckSeverity.ERROR, f"{count} rows repeat an id of their connection.", {"repeated": count}
    )


def _inside(quality: Quality) -> _Answer:
    count = quality.misplaced_count
    sentence = f"{count} rows lie in the file of another day."
    return _Answer(count == 0, dg.AssetCheckSeverity.ERROR, sentence, {"misplaced": count})


def _currency(quality: Quality) -> _Answer:
    null, unknown = quality.null_currency_count, quality.unknown_currency_count
    return _Answer(
        null == unknown == 0,
        dg.AssetCheckSeverity.WARN,
        f"{null} rows have no currency, {unknown} rows one that ISO 4217 does not know.",
        {"without_currency": null, "unknown_currency": unknown},
    )


def _classified(quality: Quality) -> _Answer:
    found = quality.unclassified
    return _Answer(
        found.share < UNCLASSIFIED_LIMIT,
        dg.AssetCheckSeverity.WARN,
        f"{found.unclassified_count} of {found.row_count} rows are unclassified.",
        {"unclassified": found.unclassified_count, "share": found.share},
    )


_ANSWERS: Final = {
    "unique_id_per_connection": _unique,
    "created_at_inside_partition": _inside,
    "known_currency": _currency,
    "unclassified_under_half_a_percent": _classified,
}

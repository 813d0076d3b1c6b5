"""The asset `rutter/completeness`: of each merchant, whether everything is here that the source says it has."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any, Final

import dagster as dg
import pyarrow as pa

from rutter_assets.defs.automation import follows_when_still
from rutter_assets.defs.failures import said_as_failure
from rutter_assets.defs.keys import COMPLETENESS, CONNECTIONS, GROUP, TRANSACTIONS
from rutter_assets.defs.resources import RutterLake
from rutter_assets.defs.tables import definition_metadata, lineage_metadata, markdown
from rutter_assets.lake import layout
from rutter_assets.marts import tables
from rutter_assets.marts.completeness import compute
from rutter_assets.settings import Settings

NOBODY_IS_BEHIND: Final = "no_merchant_is_behind"
_PREVIEW_ROWS: Final = 100
_PREVIEW: Final = ("name", "platform", "verdict", "reason", "stored_count", "source_count", "horizon", "stale_because")


def completeness_asset(settings: Settings) -> dg.AssetsDefinition:
    """The asset over the lake that the settings name."""

    @dg.asset(
        key=COMPLETENESS,
        deps=[CONNECTIONS, TRANSACTIONS],
        group_name=GROUP,
        kinds={"duckdb", "parquet"},
        tags={"rutter/layer": "mart"},
        automation_condition=follows_when_still(),
        metadata=definition_metadata(tables.COMPLETENESS, f"{settings.lake}/{layout.COMPLETENESS}"),
        check_specs=[
            dg.AssetCheckSpec(
                NOBODY_IS_BEHIND,
                asset=COMPLETENESS,
                description="Of no merchant does the source have a transaction that should be stored and is not.",
            )
        ],
        description=(
            "A certificate for each merchant: what is stored beside the source's own counter and dates, the verdict"
            " with its reason, and how fresh it is. Definitions: docs/metrics.md."
        ),
    )
    def completeness(lake: RutterLake) -> dg.MaterializeResult:  # type: ignore[type-arg]
        with said_as_failure():
            rows = compute(lake.open(), settings.start_date, _now(settings))
        return dg.MaterializeResult(metadata=_metadata(rows), check_results=[_who_is_behind(rows)])

    return completeness


def _now(settings: Settings) -> datetime:
    """The present, as the source has it."""
    frozen_at = settings.sandbox_clock if settings.source == "sandbox" else None
    return frozen_at or datetime.now(UTC)


def _metadata(rows: pa.Table) -> dict[str, Any]:
    counts = Counter(rows["verdict"].to_pylist())
    return {
        "connections": len(rows),
        **{f"verdict/{verdict}": counts[verdict] for verdict in sorted(counts)},
        "preview": markdown(_PREVIEW, _cells(rows.slice(0, _PREVIEW_ROWS).to_pylist())),
        **lineage_metadata(tables.COMPLETENESS),
    }


def _who_is_behind(rows: pa.Table) -> dg.AssetCheckResult:
    behind = [row for row in rows.to_pylist() if row["verdict"] == "behind"]
    return dg.AssetCheckResult(
        check_name=NOBODY_IS_BEHIND,
        passed=not behind,
        severity=dg.AssetCheckSeverity.ERROR,
        description=f"{len(behind)} of {len(rows)} merchants are behind their source.",
        metadata={"count": len(behind), "merchants": markdown(_PREVIEW, _cells(behind))},
    )


def _cells(rows: list[dict[str, Any]]) -> list[list[object]]:
    return [[row[name] for name in _PREVIEW] for row in rows]

"""The marts as assets: compute the days of the run's range that have transactions, and report those."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import dagster as dg

from rutter_assets.defs.automation import follows_its_source
from rutter_assets.defs.failures import said_as_failure
from rutter_assets.defs.keys import GROUP, TRANSACTIONS, key_of, op_of
from rutter_assets.defs.partitions import ONE_RUN_FOR_A_RANGE, a_day_and_those_before, last_day
from rutter_assets.defs.resources import DuckDb
from rutter_assets.defs.tables import definition_metadata, lineage_metadata, records
from rutter_assets.lake.lake import Lake
from rutter_assets.lake.layout import day_of
from rutter_assets.marts.catalogue import entry_of
from rutter_assets.marts.mart import Mart, MartDay, mart_files
from rutter_assets.marts.quality import Conservation
from rutter_assets.report.trend import shares, trend
from rutter_assets.settings import Settings

CONSERVATION = "sums_equal_the_lake"

_DESCRIPTIONS = {
    "fee_totals": "What the platforms charged, by day, merchant and currency: embedded fees, fee rows and their rates.",
    "refund_cohorts": (
        "How much of a day's sales came back so far, by day of the sale, merchant and currency. A run computes"
        " all days. It writes and reports those of its range and any other that came out different: the day of a sale"
        " that was refunded since, or a cohort that is now 7, 30, 60 or 90 days old."
    ),
    "refund_ratios": "How much was given back, by day, merchant and currency: refunds, chargebacks, and their ratios.",
}


def mart_asset(mart: Mart, settings: Settings, days: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
    """The asset of one mart over the lake that the settings name, partitioned by `days`."""
    key, table = key_of(mart.name), entry_of(mart.name).table

    @dg.multi_asset(
        name=op_of(mart.name),
        specs=[
            dg.AssetSpec(
                key,
                deps=[_source_of(mart)],
                partitions_def=days,
                skippable=True,
                group_name=GROUP,
                kinds={"duckdb", "parquet"},
                tags={"rutter/layer": "mart"},
                automation_condition=follows_its_source(),
                metadata=definition_metadata(table, f"{settings.lake}/marts/{mart.name}/date=*/*.parquet"),
                description=f"{_DESCRIPTIONS[mart.name]} Definitions: docs/metrics.md.",
            )
        ],
        check_specs=[
            dg.AssetCheckSpec(
                CONSERVATION,
                asset=key,
                description="Every sum and count of the mart equals what the transactions on disk add up to.",
            )
        ],
        can_subset=True,
        backfill_policy=ONE_RUN_FOR_A_RANGE,
    )
    def compute_mart(context: dg.AssetExecutionContext, duckdb: DuckDb) -> Iterator[dg.AssetCheckResult]:
        with said_as_failure():
            if context.selected_asset_keys:
                asked = map(date.fromisoformat, context.partition_keys)
                done = duckdb.compute(mart, asked, known_on=last_day(days), run_id=context.run.run_id)
                known = set(days.get_partition_keys())
                reported = [day for day in done if day.day.isoformat() in known]
                for partition, metadata in _told(duckdb.open(), mart, reported):
                    context.log_event(dg.AssetMaterialization(asset_key=key, partition=partition, metadata=metadata))
                checked = [day.day for day in done]
            else:
                files = duckdb.open()
                paths = [*files.transaction_files(), *mart_files(files, mart)]
                checked = sorted({found for path in paths if (found := day_of(path))})
            if context.selected_asset_check_keys:
                day_count = None if mart.is_of_all_days else len(checked)
                yield _conserved(key, duckdb.conservation(mart, checked), day_count)

    return compute_mart


def _source_of(mart: Mart) -> dg.AssetDep:
    """The days of transactions that a day of the mart is made of: Dagster maps a change to the days it reaches."""
    if not mart.days_before:
        return dg.AssetDep(TRANSACTIONS)
    return dg.AssetDep(TRANSACTIONS, partition_mapping=a_day_and_those_before(mart.days_before))


def _told(lake: Lake, mart: Mart, days: Sequence[MartDay]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each day's partition and metadata; the last one shows the trend up to it, and what each column is made of."""
    found = shares(lake, mart, (day.day for day in days))
    for day in days:
        metadata: dict[str, Any] = {}
        if day is days[-1]:
            pictured = trend(lake, mart, day.day)
            metadata = {"last_30_days": pictured.sentence, "trend": dg.MetadataValue.md(pictured.markdown)}
            metadata |= lineage_metadata(entry_of(mart.name).table)
        yield day.day.isoformat(), metadata | _metadata(day) | found.get(day.day, {})


def _metadata(day: MartDay) -> dict[str, Any]:
    """What is shown of a day: the sums exactly, and once more as numbers that can be plotted."""
    metadata: dict[str, Any] = {
        "rows": day.rows,
        "file_bytes": day.size_bytes,
        "is_changed": day.is_changed,
        "restated_figures": day.restated_count,
        "sums": dg.MetadataValue.json(
            {currency: {name: f"{amount:f}" for name, amount in sums.items()} for currency, sums in day.sums.items()}
        ),
    }
    for currency, sums in sorted(day.sums.items()):
        metadata |= {f"{name}/{currency}": float(amount) for name, amount in sums.items()}
    return metadata


def _conserved(key: dg.AssetKey, found: Conservation, day_count: int | None) -> dg.AssetCheckResult:
    differences = [
        {"currency": currency, "figure": figure, "mart less transactions": f"{amount:f}"}
        for currency, figures in found.differences.items()
        for figure, amount in figures.items()
    ]
    sentence = "equal the transactions'" if found.is_conserved else "differ from the transactions'"
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=CONSERVATION,
        passed=found.is_conserved,
        description=f"The sums of {'all' if day_count is None else day_count} days {sentence}.",
        metadata={"days": "all" if day_count is None else day_count, "differences": records(differences)},
    )

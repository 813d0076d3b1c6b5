"""The asset `rutter/transactions`: plan, sync, report.

It reports the days it wrote and only those, one materialization each, and never yields its output: a yielded output
would mark every day of the run's range. So its checks are its own, and what depends on it runs after it, not with it.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import dagster as dg
from pydantic import Field

from rutter_assets.defs.failures import ERROR, said_as_failure
from rutter_assets.defs.keys import CONNECTIONS, GROUP, TRANSACTIONS, op_of
from rutter_assets.defs.loop import completed
from rutter_assets.defs.partitions import ONE_RUN_FOR_A_RANGE, first_day
from rutter_assets.defs.resources import DuckDb, ProgressOf, RutterApi, RutterLake
from rutter_assets.defs.tables import definition_metadata, records
from rutter_assets.defs.transactions_checks import TRANSACTIONS_CHECKS, check_results
from rutter_assets.errors import IncompleteError
from rutter_assets.ingest.progress import Progress
from rutter_assets.ingest.report import DayReport, SyncReport
from rutter_assets.ingest.sync import SyncRequest, sync
from rutter_assets.ingest.updates import UpdateRequest, sync_updates
from rutter_assets.lake.lake import Lake
from rutter_assets.lake.layout import day_of
from rutter_assets.marts.catalogue import entry_of
from rutter_assets.rutter.window import Window
from rutter_assets.settings import Settings

TRANSACTIONS_OP = op_of("transactions")


class TransactionsConfig(dg.Config):
    """What a run of `rutter/transactions` reads; the defaults read the run's days of every merchant again."""

    connection_ids: list[str] = Field([], description="The connections to read. Empty: all that the API lists.")
    only_missing: bool = Field(False, description="Read only what was never read before.")
    whole_history: bool = Field(
        False, description="Read from RUTTER_START_DATE on, even where the run's days begin later."
    )
    updates: bool = Field(
        False, description="Read what changed since each merchant's watermark instead, whatever the day it belongs to."
    )
    force_fetch: bool = Field(
        False, description="Read before the historical sync is complete; such rows are marked provisional."
    )


def transactions_asset(settings: Settings, days: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
    """The asset over the lake that the settings name, partitioned by `days`."""

    @dg.multi_asset(
        name=TRANSACTIONS_OP,
        specs=[
            dg.AssetSpec(
                TRANSACTIONS,
                deps=[CONNECTIONS],
                partitions_def=days,
                skippable=True,
                group_name=GROUP,
                kinds={"http", "parquet"},
                tags={"rutter/layer": "raw"},
                metadata=definition_metadata(
                    entry_of("transactions").table, f"{settings.lake}/transactions/date=*/*.parquet"
                ),
                description=(
                    "Every merchant's money movements by UTC day of `created_at`, exact as sent. A run reads the days"
                    " of its range again for all merchants whose gate is open, and reports the days that have rows:"
                    " a day without any stays unreported. The hourly run reads what changed instead, and reports the"
                    " days that it changed, however old. A merchant that fails is named at the end; the others are"
                    " on disk by then, and a retry reads only what is missing."
                ),
            )
        ],
        check_specs=TRANSACTIONS_CHECKS,
        can_subset=True,
        backfill_policy=ONE_RUN_FOR_A_RANGE,
    )
    def transactions(
        context: dg.AssetExecutionContext,
        config: TransactionsConfig,
        api: RutterApi,
        lake: RutterLake,
        duckdb: DuckDb,
        progress_of: dg.ResourceParam[ProgressOf],
    ) -> Iterator[dg.AssetCheckResult]:
        report = None
        with said_as_failure():
            files = lake.open()
            if context.selected_asset_keys:
                request = _updates(config, settings) if config.updates else _days(context, config, days)
                report = completed(partial(_read, api, files, request, progress_of(context.log)))
                _report(context, days, report)
                files.acknowledge(report.notices)
            touched = _days_on_disk(files) if report is None else [day.summary.day for day in report.days]
            yield from check_results(duckdb.quality(touched), context.selected_asset_check_keys)
        if report is not None:
            _fail_for(report)

    return transactions


def _updates(config: TransactionsConfig, settings: Settings) -> UpdateRequest:
    return UpdateRequest(timedelta(hours=settings.update_overlap_hours), tuple(config.connection_ids) or None)


def _days(
    context: dg.AssetExecutionContext, config: TransactionsConfig, days: dg.DailyPartitionsDefinition
) -> SyncRequest:
    asked = context.partition_key_range
    history_start = first_day(days)
    first = history_start if config.whole_history else date.fromisoformat(asked.start)
    return SyncRequest(
        window=Window.of_days(first, date.fromisoformat(asked.end)),
        history_start=history_start,
        connection_ids=tuple(config.connection_ids) or None,
        fresh_since=None if config.only_missing else _first_try_at(context),
        force_fetch=config.force_fetch,
    )


def _first_try_at(context: dg.AssetExecutionContext) -> datetime:
    """When the first of this run's tries was made: what has been read since then, a retry need not read again."""
    for run_id in (context.run.root_run_id, context.run.run_id):
        record = context.instance.get_run_record_by_id(run_id) if run_id else None
        if record is not None:
            created_at: datetime = record.create_timestamp
            return created_at.astimezone(UTC)
    return datetime.now(UTC)


async def _read(api: RutterApi, lake: Lake, request: SyncRequest | UpdateRequest, progress: Progress) -> SyncReport:
    async with api.open(lake) as source:
        if isinstance(request, UpdateRequest):
            return await sync_updates(source, lake, request, progress)
        return await sync(source, lake, request, progress)


def _report(context: dg.AssetExecutionContext, days: dg.DailyPartitionsDefinition, report: SyncReport) -> None:
    """The days that the sync wrote or found unchanged, and what a reader of the log wants to know."""
    known = set(days.get_partition_keys())
    for day in report.days:
        key = day.summary.day.isoformat()
        if key in known:
            context.log_event(
                dg.AssetMaterialization(asset_key=TRANSACTIONS, partition=key, metadata=_metadata(day, report))
            )
    for sentence in report.novelties:
        context.log.warning(sentence)
    for outcome in report.outcomes:
        if outcome.kind in ("waiting", "needs_update", "disabled"):
            context.log.info("Skipped %s (%s): %s", outcome.name, outcome.connection_id, outcome.message)
    context.log.info(
        "%d rows of %d connections, %d days, %d of them changed; %d requests, %d of them repeated, in %.1f s.",
        report.rows, len(report.of_kind("synced")), len(report.days), sum(day.is_changed for day in report.days),
        report.traffic.requests, report.traffic.retries, report.elapsed_s,
    )  # fmt: skip


def _metadata(day: DayReport, report: SyncReport) -> dict[str, Any]:
    """What is shown of a day; what starts with `run_` is the whole run's, the same for each of its days."""
    summary, traffic = day.summary, report.traffic
    amounts = {currency: f"{amount:f}" for currency, amount in sorted(summary.amounts.items())}
    return {
        "rows": summary.rows,
        "connections": summary.connections,
        "amount": dg.MetadataValue.json(amounts),
        "file_bytes": summary.size_bytes,
        "is_changed": day.is_changed,
        "run_rows": report.rows,
        "run_rows_per_s": round(report.rows / report.elapsed_s, 1),
        "run_requests": traffic.requests,
        "run_retries": traffic.retries,
        "run_waited_s": round(traffic.waited_s, 3),
        "run_received_bytes": traffic.received_bytes,
    }


def _fail_for(report: SyncReport) -> None:
    """A `Failure` with a table of the connections that failed; nothing when none did."""
    try:
        report.raise_for_failures()
    except IncompleteError as error:
        failed = [
            {"connection_id": one.connection_id, "name": one.name, "platform": one.platform, "why": one.message}
            for one in report.of_kind("failed")
        ]
        shown = {ERROR: type(error).__name__, "failed connections": records(failed)}
        raise dg.Failure(str(error), metadata=shown) from None


def _days_on_disk(lake: Lake) -> list[date]:
    return sorted({day for path in lake.transaction_files() if (day := day_of(path))})

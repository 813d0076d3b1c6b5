"""The sensor that watches the gates: it finds merchants whose history may be loaded now, and asks for one run."""

import asyncio
from datetime import UTC, date, datetime
from typing import Any, Final

import dagster as dg

from rutter_assets.defs.jobs import READ_TRANSACTIONS
from rutter_assets.defs.partitions import first_day, last_day, range_tags
from rutter_assets.defs.resources import RutterApi, RutterLake
from rutter_assets.defs.transactions import TRANSACTIONS_OP
from rutter_assets.ingest.opening import Cursor, Opening, look

HISTORY_TAG: Final = {"rutter/reads": "history"}
"""On every run that this sensor asks for, and on its retries."""

_UNDER_WAY: Final = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
_NAME: Final = "historical_sync_sensor"


def historical_sync_sensor(days: dg.DailyPartitionsDefinition) -> dg.SensorDefinition:
    """The sensor over `days`, running by default."""

    @dg.sensor(
        name=_NAME,
        job=READ_TRANSACTIONS,
        minimum_interval_seconds=15,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=(
            "Asks the API about every connection whose history is not on disk, in turns and for 10 s at most, and"
            " loads those whose historical sync is complete: one run a tick, whatever their number."
        ),
    )
    def watch_the_gates(context: dg.SensorEvaluationContext, api: RutterApi, lake: RutterLake) -> dg.SensorResult:
        opening = asyncio.run(_look(context, api, lake, first_day(days)))
        for decision in opening.decisions:
            context.log.info("%s (%s): %s", decision.name, decision.connection_id, decision.message)
        if not opening.load:
            return dg.SensorResult(cursor=opening.cursor.encode(), skip_reason=opening.sentence)
        return dg.SensorResult(cursor=opening.cursor.encode(), run_requests=[_request(opening, days)])

    return watch_the_gates


def _request(opening: Opening, days: dg.DailyPartitionsDefinition) -> dg.RunRequest:
    """One run for all that may be loaded. Its range starts where their rows do, for each day of it costs Dagster; what
    is read starts at the configured start all the same."""
    first, last = first_day(days), last_day(days)
    if opening.oldest is not None:
        first = min(max(first, opening.oldest), last)
    config = {"connection_ids": list(opening.load), "only_missing": True, "whole_history": True}
    return dg.RunRequest(
        run_key=opening.run_key,
        run_config={"ops": {TRANSACTIONS_OP: {"config": config}}},
        tags={**HISTORY_TAG, **range_tags(first, last)},
    )


async def _look(context: dg.SensorEvaluationContext, api: RutterApi, lake: RutterLake, history_start: date) -> Opening:
    instance, files = context.instance, lake.open()
    under_way = instance.get_runs(dg.RunsFilter(tags=HISTORY_TAG, statuses=_UNDER_WAY))

    def is_used(run_key: str) -> bool:
        tags = {**HISTORY_TAG, "dagster/run_key": run_key}
        return any(run.is_finished for run in instance.get_runs(dg.RunsFilter(tags=tags)))

    async with api.open(files) as source:
        return await look(
            source,
            files,
            Cursor.decode(context.cursor),
            history_start=history_start,
            in_flight={connection_id for run in under_way for connection_id in _read_by(run)},
            is_used=is_used,
            now=datetime.now(UTC),
        )


def _read_by(run: dg.DagsterRun) -> list[str]:
    """The connections that the run's config names."""
    config: Any = run.run_config
    for part in ("ops", TRANSACTIONS_OP, "config", "connection_ids"):
        config = config.get(part, {})
    return list(config)

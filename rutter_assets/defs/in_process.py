"""Everything once, through Dagster, in this process: what `make demo` runs.

The runs are kept in the instance, under the jobs' own names, so that the UI shows them and every day they wrote.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import dagster as dg

from rutter_assets.defs.everything import definitions_of
from rutter_assets.defs.failures import ERROR
from rutter_assets.defs.jobs import COMPUTE_MARTS, PUBLISH, READ_TRANSACTIONS, SNAPSHOT_CONNECTIONS
from rutter_assets.defs.partitions import days_of, first_day, last_day, range_tags
from rutter_assets.defs.resources import ProgressOf, RutterLake
from rutter_assets.defs.transactions import TRANSACTIONS_OP
from rutter_assets.errors import IncompleteError, LakeError, RutterAssetsError, SettingError
from rutter_assets.ingest.logged import Logged
from rutter_assets.lake.lake import Lake
from rutter_assets.settings import Settings

_KINDS: Final = {kind.__name__: kind for kind in (SettingError, LakeError, IncompleteError)}


@dataclass(frozen=True)
class Materialized:
    """What was materialized: the days from `first` to `last`, both included."""

    first: date
    last: date


@contextmanager
def instance_at(home: Path) -> Iterator[dg.DagsterInstance]:
    """The persistent instance in the folder `home`, by its `dagster.yaml` if it has one.

    Unlike the one that the UI opens there, it does not capture stdout and stderr of a run: they belong to whoever
    draws a progress bar on them.
    """
    home.mkdir(parents=True, exist_ok=True)
    silent = {"module": "dagster._core.storage.noop_compute_log_manager", "class": "NoOpComputeLogManager"}
    with dg.DagsterInstance.local_temp(str(home.absolute()), overrides={"compute_logs": silent}) as instance:
        yield instance


def materialize_all(
    instance: dg.DagsterInstance, settings: Settings, progress_of: ProgressOf = Logged, *, quiet: bool = True
) -> Materialized:
    """Materialize the connections, the whole history of every merchant whose gate is open, and all that is made of it.

    `progress_of` is given the run's log and makes what watches the sync; `quiet` keeps Dagster's own lines off the
    console. A merchant that fails is an `IncompleteError`, raised after everything else is done; any other failure is
    a `RutterAssetsError` with its sentence.
    """
    definitions = definitions_of(settings, progress_of)
    console = {"loggers": {"console": {"config": {"log_level": "CRITICAL" if quiet else "INFO"}}}}
    _run(definitions, SNAPSHOT_CONNECTIONS.name, instance, console)
    days = days_of(settings)
    oldest = _oldest_day(RutterLake.of(settings).open())
    last = last_day(days)
    first = first_day(days) if oldest is None else min(max(first_day(days), oldest), last)
    whole = {"ops": {TRANSACTIONS_OP: {"config": {"whole_history": True}}}}
    incomplete = None
    try:
        _run(definitions, READ_TRANSACTIONS.name, instance, {**console, **whole}, range_tags(first, last))
    except IncompleteError as error:
        incomplete = error
    _run(definitions, COMPUTE_MARTS.name, instance, console, range_tags(first, last))
    _run(definitions, PUBLISH.name, instance, console)
    if incomplete is not None:
        raise incomplete
    return Materialized(first, last)


def _run(
    definitions: dg.Definitions,
    job: str,
    instance: dg.DagsterInstance,
    config: Mapping[str, Any],
    tags: Mapping[str, str] | None = None,
) -> None:
    try:
        definitions.resolve_job_def(job).execute_in_process(instance=instance, run_config=config, tags=tags)
    except dg.Failure as failure:
        sentence = failure.description or "A run failed without a reason."
        raise _KINDS.get(str(failure.metadata[ERROR].value), RutterAssetsError)(sentence) from None


def _oldest_day(lake: Lake) -> date | None:
    """The oldest day that the API tells of for the merchants whose gate is open; null where it does not tell of all."""
    snapshot = lake.latest_connections()
    rows = [] if snapshot is None else snapshot.to_pylist()
    opened: list[datetime | None] = [
        row["oldest_transaction_at"]
        for row in rows
        if row["historical_sync_completed"] and not row["needs_update"] and not row["is_disabled"]
    ]
    told = [instant.astimezone(UTC).date() for instant in opened if instant is not None]
    return min(told) if told and len(told) == len(opened) else None

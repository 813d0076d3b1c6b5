"""`rutter-assets sync`: everything that is ready, without Dagster: snapshot, transactions, marts."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Final

import typer
from rich.console import Console

from rutter_assets.cli import failure, words
from rutter_assets.cli.progress import Shown, shown_on
from rutter_assets.errors import SettingError
from rutter_assets.ingest.progress import Progress
from rutter_assets.ingest.report import SyncReport
from rutter_assets.ingest.snapshot import take_snapshot
from rutter_assets.ingest.source import Source, open_source
from rutter_assets.ingest.sync import SyncRequest
from rutter_assets.ingest.sync import sync as sync_transactions
from rutter_assets.ingest.updates import UpdateRequest, sync_updates
from rutter_assets.lake import layout
from rutter_assets.lake.lake import Lake
from rutter_assets.marts.mart import MARTS, compute, mart_files
from rutter_assets.rutter.window import Window
from rutter_assets.settings import Settings

REREAD: Final = timedelta(days=3)
"""How far before today the API's rows are read again by a sync without dates: most changes come within days."""


Read = Callable[[Source, Lake, Progress], Awaitable[SyncReport]]


def run(from_: str | None, to: str | None, connection_ids: tuple[str, ...] | None, *, updates: bool) -> None:
    """Sync, print an outcome a connection and a closing line, and leave with the exit code of the whole."""
    settings = Settings.from_env()
    if updates and (from_ or to):
        raise SettingError("--updates reads what changed of any day: leave out --from and --to.")
    if updates:
        overlap = timedelta(hours=settings.update_overlap_hours)
        read_and_tell(settings, partial(_updates, UpdateRequest(overlap, connection_ids)))
    else:
        read_and_tell(settings, partial(_load, request_of(settings, from_, to, connection_ids)))


def read_and_tell(settings: Settings, read: Read) -> None:
    """Do `read`, compute the marts of what it changed, tell what happened, and leave with the exit code of it."""
    started = time.monotonic()
    lake = Lake.open(settings.lake, buckets=settings.buckets, source=settings.source)
    console = words.console()
    if settings.source == "sandbox":
        console.print("No credentials are set: reading from the embedded sandbox.", soft_wrap=True)
    with shown_on(console) as progress:
        report = asyncio.run(_read(settings, lake, read, progress))
        _compute_marts(lake, report, now(settings).date(), progress)
    lake.acknowledge(report.notices)
    _print(console, report, time.monotonic() - started)
    _leave(report)


def now(settings: Settings) -> datetime:
    """The present, as the source has it."""
    frozen_at = settings.sandbox_clock if settings.source == "sandbox" else None
    return frozen_at or datetime.now(UTC)


def request_of(
    settings: Settings, from_: str | None, to: str | None, connection_ids: tuple[str, ...] | None
) -> SyncRequest:
    """What the arguments ask for; one that makes no sense is a `SettingError`."""
    today = now(settings).date()
    first = settings.start_date if from_ is None else _day("--from", from_, settings, today)
    last = today if to is None else _day("--to", to, settings, today)
    if first > today:
        raise SettingError(f"RUTTER_START_DATE is {first}, but today is {today}: give a UTC date of the past.")
    if first > last:
        raise SettingError(f"--from {first} is after --to {last}: give the earlier day first.")
    window = Window.of_days(first, last)
    recent = Window.of_days(max(first, today - REREAD), today)
    return SyncRequest(
        window=window,
        history_start=settings.start_date,
        connection_ids=connection_ids,
        reread=recent if from_ is None and to is None else window,
    )


def _day(option: str, text: str, settings: Settings, today: date) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise SettingError(f"{option} is {text!r}: give a UTC date as YYYY-MM-DD, such as {today}.") from None
    if day > today:
        raise SettingError(f"{option} is {day}, but today is {today}: give a UTC date up to today.")
    if day < settings.start_date:
        raise SettingError(
            f"{option} is {day}, before RUTTER_START_DATE, which is {settings.start_date}:"
            " give a later day, or set RUTTER_START_DATE earlier."
        )
    return day


async def _read(settings: Settings, lake: Lake, read: Read, progress: Shown) -> SyncReport:
    progress.stage("Asking the API for its connections")
    async with open_source(settings, lake) as source:
        return await read(source, lake, progress)


async def _load(request: SyncRequest, source: Source, lake: Lake, progress: Progress) -> SyncReport:
    """Snapshot and sync. A sync of named connections asks nothing of the others and takes no snapshot."""
    snapshot = None
    if request.connection_ids is None:
        snapshot = await take_snapshot(source)
        lake.write_connections(snapshot.taken_at, snapshot.table)
    return await sync_transactions(source, lake, request, progress, snapshot)


async def _updates(request: UpdateRequest, source: Source, lake: Lake, progress: Progress) -> SyncReport:
    return await sync_updates(source, lake, request, progress)


def _compute_marts(lake: Lake, report: SyncReport, known_on: date, progress: Shown) -> None:
    """Compute the days that changed, and those an interrupted run has left without a mart.

    Of a mart that is of all days, those that are older by `known_on` than when they were computed change too.
    """
    changed = {day.summary.day for day in report.days if day.is_changed}
    stored = {layout.day_of(path) for path in lake.transaction_files()}
    for mart in MARTS.values():
        absent = stored - {layout.day_of(path) for path in mart_files(lake, mart)}
        days = mart.reached_by(changed) | {day for day in absent if day is not None}
        if days or mart.is_of_all_days:
            progress.stage(f"Computing {mart.name} of {len(days & stored):,} days")
            compute(lake, mart, days, known_on)


def _print(console: Console, report: SyncReport, elapsed_s: float) -> None:
    for outcome in sorted(report.outcomes, key=lambda outcome: outcome.name.casefold()):
        # For a line of 80 columns, or for a log:
        who = outcome.name if console.is_terminal else f"{outcome.name} ({outcome.connection_id})"
        console.print(words.printable(f"{outcome.kind:<12}  {who}: {outcome.message}"), soft_wrap=True)
    if not report.outcomes:
        console.print("The API lists no connections yet.", soft_wrap=True)
    for sentence in report.novelties:
        console.print(words.printable(sentence), soft_wrap=True)
    changed = sum(day.is_changed for day in report.days)
    traffic = report.traffic
    console.print(
        f"{words.counted(report.rows, 'row', 'rows')} in {words.counted(traffic.requests, 'request', 'requests')}"
        f" ({words.counted(traffic.retries, 'retry', 'retries')}),"
        f" {words.counted(changed, 'day', 'days')} changed, {elapsed_s:.1f} s.",
        soft_wrap=True,
    )


def _leave(report: SyncReport) -> None:
    failed = report.of_kind("failed")
    if not failed:
        return
    if report.of_kind("synced"):
        failure.say(
            f"{len(failed)} of {len(report.outcomes)} connections failed, the others are on disk:"
            " run again to repeat only these."
        )
        raise typer.Exit(1)
    failure.say(f"all {len(failed)} connections that could be read failed: see their lines, and run again later.")
    raise typer.Exit(failure.UNUSABLE_API)

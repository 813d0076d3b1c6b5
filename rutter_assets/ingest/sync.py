"""A sync: which connections are open, what of them is missing, read it, commit it, say what happened.

One merchant's trouble is that merchant's: its error becomes its outcome, and the others go on. Only what concerns all
of them (the client's credentials, the lake) ends the whole sync.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import msgspec

from rutter_assets.errors import LakeError
from rutter_assets.ingest import plan
from rutter_assets.ingest.gate import Gate
from rutter_assets.ingest.merchant import CONCURRENT_WINDOWS, Merchant, chosen, commit_all, read_all
from rutter_assets.ingest.progress import Progress, Silent
from rutter_assets.ingest.report import SyncReport
from rutter_assets.ingest.snapshot import Described, Snapshot, describe, instant, side_by_side
from rutter_assets.ingest.source import Source
from rutter_assets.lake.lake import Lake
from rutter_assets.lake.layout import segment
from rutter_assets.lake.ledger import LastOutcome, Ledger
from rutter_assets.rutter.window import Window


@dataclass(frozen=True)
class SyncRequest:
    """What to sync.

    `window`: whole UTC days. `connection_ids`: null means every connection the API lists. `fresh_since`: what was read
    at or after it need not be read again; null: only what was never read is read, and what lies in `reread`.
    `history_start`: the first day of a merchant's history. `force_fetch`: read before the gate opens; such rows are
    provisional.
    """

    window: Window
    history_start: date
    connection_ids: tuple[str, ...] | None = None
    fresh_since: datetime | None = None
    reread: Window | None = None
    force_fetch: bool = False


async def sync(
    source: Source,
    lake: Lake,
    request: SyncRequest,
    progress: Progress | None = None,
    snapshot: Snapshot | None = None,
) -> SyncReport:
    """Bring the request's days of its connections up to date; every connection has one outcome in the report.

    A `snapshot` that was taken just now spares the API being asked for its connections again.
    """
    progress = progress or Silent()
    started = time.monotonic()
    await asyncio.to_thread(lake.remove_abandoned)
    await asyncio.to_thread(lake.check_files, request.window.days)
    merchants = await plan_sync(source, lake, request, snapshot)
    days = len({day for merchant in merchants for window in merchant.windows for day in window.days})
    await read_all(source, lake, merchants, progress, force_fetch=request.force_fetch)
    reports, notices = await commit_all(lake, merchants, progress, days=days)
    now = source.now()
    for merchant in merchants:
        _record(lake, request, merchant, now)
    return SyncReport(
        outcomes=[merchant.outcome for merchant in merchants],
        days=reports,
        notices=notices,
        traffic=source.client.traffic,
        novelties=source.client.novelties.sentences(),
        elapsed_s=time.monotonic() - started,
    )


async def plan_sync(
    source: Source, lake: Lake, request: SyncRequest, snapshot: Snapshot | None = None
) -> list[Merchant]:
    """The request's merchants with their gates and the windows that would be read; asks for statuses, for no rows."""
    known = {item.connection.id: item for item in snapshot.connections} if snapshot else {}
    listed = [item.connection for item in known.values()] if snapshot else await source.connections()
    merchants = [Merchant(connection) for connection in chosen(listed, request.connection_ids)]
    await side_by_side(_ask_gate(source, merchant, known.get(merchant.connection.id)) for merchant in merchants)
    for merchant in merchants:
        _plan(lake, request, merchant)
    expected = sum(merchant.expected_rows or 0 for merchant in merchants)
    for merchant in merchants:
        rows_each = plan.window_rows(expected, CONCURRENT_WINDOWS)
        merchant.windows = plan.cut(merchant.windows, merchant.expected_rows, rows_each)
    return merchants


async def _ask_gate(source: Source, merchant: Merchant, described: Described | None) -> None:
    try:
        segment(merchant.connection.id)
    except LakeError as error:
        merchant.error = error
        return
    described = described or await describe(source, merchant.connection)
    merchant.status, merchant.gate, merchant.error = described.status, described.gate, described.error


def _plan(lake: Lake, request: SyncRequest, merchant: Merchant) -> None:
    if merchant.gate is None or merchant.error is not None:
        return
    if merchant.gate.kind == "waiting" and request.force_fetch:
        merchant.gate = Gate("open", "Read with force_fetch.")
    if merchant.gate.kind != "open":
        return
    try:
        ledger = lake.ledger(merchant.connection.id)
    except LakeError as error:
        merchant.error = error
        return
    staged = [window for window in ledger.staged if lake.is_whole(window)] if ledger else []
    merchant.windows = plan.missing(request.window, ledger, staged, request.fresh_since, request.reread)
    merchant.expected_rows = _expected_rows(merchant, request.window, merchant.windows)


def _expected_rows(merchant: Merchant, wanted: Window, missing: Sequence[Window]) -> int | None:
    """How many rows of the merchant lie in the missing windows, if its history were evenly spread up to now."""
    if merchant.status is None:
        return None
    history = merchant.status.historical_sync_status
    count, start = history.transactions_synced, wanted.start
    if not count:
        return count
    with suppress(TypeError, ValueError):  # the oldest date is not told, or not one, or names no zone
        start = min(datetime.fromisoformat(history.transactions_total.oldest_entity_date or ""), wanted.end)
    inside = sum((max(timedelta(), window.end - max(window.start, start)) for window in missing), timedelta())
    whole = max(wanted.end - start, timedelta(days=1))
    return max(1, round(count * min(1.0, inside / whole)))


def _record(lake: Lake, request: SyncRequest, merchant: Merchant, now: datetime) -> None:
    if isinstance(merchant.error, LakeError):
        return  # its ledger, or its id, cannot be written
    outcome = merchant.outcome

    def change(old: Ledger) -> Ledger:
        new = msgspec.structs.replace(old, last_outcome=LastOutcome(now, outcome.kind, outcome.message))
        if old.history_loaded_at is not None or not plan.has_history(old, request.history_start, now):
            return new
        seen_until = min(piece.read_at for piece in old.covered)
        synced_until = merchant.status and instant(merchant.status.last_sync_completed_at)
        watermark = min(seen_until, synced_until or seen_until)
        return msgspec.structs.replace(new, history_loaded_at=now, watermark=watermark)

    lake.record(outcome.connection_id, outcome.platform, change)

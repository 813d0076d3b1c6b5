"""A sync: which connections are open, what of them is missing, read it, commit it, say what happened.

One merchant's trouble is that merchant's: its error becomes its outcome, and the others go on. Only what concerns all
of them (the client's credentials, the lake) ends the whole sync.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import zip_longest
from typing import Final

import msgspec

from rutter_assets.errors import ApiError, LakeError, MerchantError, NotReadyError, SettingError
from rutter_assets.ingest import plan
from rutter_assets.ingest.gate import Gate
from rutter_assets.ingest.progress import Progress, Silent, Work
from rutter_assets.ingest.read import read_window
from rutter_assets.ingest.report import DayReport, Outcome, OutcomeKind, SyncReport
from rutter_assets.ingest.snapshot import Described, Snapshot, describe
from rutter_assets.ingest.source import Source
from rutter_assets.lake.lake import Lake
from rutter_assets.lake.layout import segment
from rutter_assets.lake.ledger import LastOutcome, Ledger
from rutter_assets.rutter.types import Connection, ConnectionStatus
from rutter_assets.rutter.window import Window

CONCURRENT_WINDOWS: Final = 24
"""Windows read at the same time: at 100 ms an answer, five times what the budget of 50 requests a second needs."""


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
    run_id: str
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
    known = {item.connection.id: item for item in snapshot.connections} if snapshot else {}
    listed = [item.connection for item in known.values()] if snapshot else await source.client.connections()
    merchants = [_Merchant(connection) for connection in _chosen(listed, request.connection_ids)]
    await asyncio.gather(*(_ask_gate(source, merchant, known.get(merchant.connection.id)) for merchant in merchants))
    for merchant in merchants:
        _plan(lake, request, merchant)
    progress.planned([merchant.work for merchant in merchants if merchant.windows])
    await _read_all(source, lake, request, merchants, progress)
    days = await asyncio.to_thread(_commit, lake, merchants, progress)
    now = source.now()
    for merchant in merchants:
        _record(lake, request, merchant, now)
    return SyncReport(
        outcomes=[merchant.outcome for merchant in merchants],
        days=days,
        traffic=source.client.traffic,
        novelties=source.client.novelties.sentences(),
        elapsed_s=time.monotonic() - started,
    )


@dataclass
class _Merchant:
    """One connection on its way through a sync."""

    connection: Connection
    status: ConnectionStatus | None = None
    gate: Gate | None = None
    windows: list[Window] = field(default_factory=list)
    windows_left: int = 0
    expected_rows: int | None = None
    rows: int = 0
    error: ApiError | LakeError | None = None

    @property
    def name(self) -> str:
        return self.connection.name or self.connection.platform

    @property
    def work(self) -> Work:
        return Work(self.connection.id, self.name, self.expected_rows, len(self.windows))

    @property
    def outcome(self) -> Outcome:
        kind: OutcomeKind
        if isinstance(self.error, NotReadyError):
            kind, message = "waiting", str(self.error)
        elif isinstance(self.error, MerchantError):
            disabled = self.error.exchange.error_code == "CONNECTION_DISABLED"
            kind, message = "disabled" if disabled else "needs_update", str(self.error)
        elif self.error is not None:
            kind, message = "failed", str(self.error)
        elif self.gate is not None and self.gate.kind != "open":
            kind, message = self.gate.kind, self.gate.message
        else:
            kind, message = "synced", f"{self.rows} transactions read."
        return Outcome(self.connection.id, self.name, self.connection.platform, kind, message, self.rows)


def _chosen(listed: Sequence[Connection], wanted: Sequence[str] | None) -> list[Connection]:
    if wanted is None:
        return sorted(listed, key=lambda connection: connection.id)
    by_id = {connection.id: connection for connection in listed}
    unknown = [connection_id for connection_id in wanted if connection_id not in by_id]
    if unknown:
        raise SettingError(
            f"connection_ids (--connection) names {', '.join(unknown)}, which the API does not list:"
            " take ids from `rutter-assets status` or from the asset rutter/connections."
        )
    return [by_id[connection_id] for connection_id in dict.fromkeys(wanted)]


async def _ask_gate(source: Source, merchant: _Merchant, described: Described | None) -> None:
    try:
        segment(merchant.connection.id)
    except LakeError as error:
        merchant.error = error
        return
    described = described or await describe(source, merchant.connection)
    merchant.status, merchant.gate, merchant.error = described.status, described.gate, described.error


def _plan(lake: Lake, request: SyncRequest, merchant: _Merchant) -> None:
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
    missing = plan.missing(request.window, ledger, staged, request.fresh_since, request.reread)
    merchant.expected_rows = _expected_rows(merchant, request.window, missing)
    merchant.windows = plan.cut(missing, merchant.expected_rows)
    merchant.windows_left = len(merchant.windows)


def _expected_rows(merchant: _Merchant, wanted: Window, missing: Sequence[Window]) -> int | None:
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


async def _read_all(
    source: Source, lake: Lake, request: SyncRequest, merchants: Sequence[_Merchant], progress: Progress
) -> None:
    """Read every planned window, in turns: each merchant's first, then each one's second, so that none is starved."""
    slots = asyncio.Semaphore(CONCURRENT_WINDOWS)

    async def read_one(merchant: _Merchant, window: Window) -> None:
        async with slots:
            if merchant.error is None:
                try:
                    rows = await read_window(
                        source, lake, merchant.connection, window,
                        run_id=request.run_id, force_fetch=request.force_fetch,
                        on_page=lambda of_page: progress.page(merchant.connection.id, of_page),
                    )  # fmt: skip
                    merchant.rows += rows
                except (ApiError, LakeError) as error:
                    merchant.error = error
        merchant.windows_left -= 1
        if merchant.windows_left == 0:
            progress.read(merchant.connection.id)

    turns = zip_longest(*([(merchant, window) for window in merchant.windows] for merchant in merchants))
    async with asyncio.TaskGroup() as tasks:
        for turn in turns:
            for task in filter(None, turn):
                tasks.create_task(read_one(*task))


def _commit(lake: Lake, merchants: Sequence[_Merchant], progress: Progress) -> list[DayReport]:
    windows = {window for merchant in merchants for window in merchant.windows}
    progress.committing(len({day for window in windows for day in window.days}))
    readable = [merchant.connection.id for merchant in merchants if merchant.gate and merchant.gate.kind == "open"]
    commits = lake.commit(readable, lambda _: progress.committed_day())
    return [DayReport(lake.summary_of(commit.day), commit.is_changed) for commit in commits]


def _record(lake: Lake, request: SyncRequest, merchant: _Merchant, now: datetime) -> None:
    outcome = merchant.outcome
    if merchant.error is not None and isinstance(merchant.error, LakeError):
        return  # its ledger, or its id, cannot be written

    def change(old: Ledger) -> Ledger:
        history = old.history_loaded_at
        if history is None and plan.has_history(old, request.history_start, now):
            history = now
        last = LastOutcome(now, outcome.kind, outcome.message)
        return msgspec.structs.replace(old, history_loaded_at=history, last_outcome=last)

    lake.record(outcome.connection_id, outcome.platform, change)

"""One connection on its way through a sync, and what all syncs do with the merchants they have planned."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from rutter_assets.errors import ApiError, LakeError, MerchantError, NotReadyError, SettingError
from rutter_assets.ingest.gate import Gate
from rutter_assets.ingest.progress import Progress, Work
from rutter_assets.ingest.read import Reader
from rutter_assets.ingest.report import DayReport, Outcome, OutcomeKind
from rutter_assets.ingest.source import Source
from rutter_assets.ingest.turns import Turns
from rutter_assets.lake.lake import Lake
from rutter_assets.rutter.client import TimeField
from rutter_assets.rutter.contract import PAGE_ROWS
from rutter_assets.rutter.types import Connection, ConnectionStatus
from rutter_assets.rutter.window import Window

CONCURRENT_WINDOWS: Final = 48
"""Windows read at the same time: enough for the budget of 50 requests a second while an answer takes up to a second."""


@dataclass
class Merchant:
    """A connection, its gate, the windows planned for it, and what came of them.

    Its gate is open when there is something to read or nothing is missing; `note` replaces the outcome's sentence then.
    """

    connection: Connection
    status: ConnectionStatus | None = None
    gate: Gate | None = None
    windows: list[Window] = field(default_factory=list)
    windows_left: int = 0
    expected_rows: int | None = None
    rows: int = 0
    note: str | None = None
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
            kind, message = "synced", self.note or f"{self.rows} transactions read."
        return Outcome(self.connection.id, self.name, self.connection.platform, kind, message, self.rows)

    @property
    def synced_rows(self) -> int | None:
        """How many transactions the API says it has of it; null: not told."""
        return None if self.status is None else self.status.historical_sync_status.transactions_synced

    @property
    def expected_requests(self) -> int | None:
        """About how many pages its windows have; null: the API does not tell how many rows there are."""
        if self.expected_rows is None:
            return None
        return max(len(self.windows), -(-self.expected_rows // PAGE_ROWS))

    @property
    def is_open(self) -> bool:
        """Whether the API serves it to this sync."""
        return self.gate is not None and self.gate.kind == "open"


def chosen(listed: Sequence[Connection], wanted: Sequence[str] | None) -> list[Connection]:
    """The listed connections that are wanted (null: all), by id; one that is not listed is a `SettingError`."""
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


async def read_all(
    source: Source,
    lake: Lake,
    merchants: Sequence[Merchant],
    progress: Progress,
    *,
    by: TimeField = "created_at",
    force_fetch: bool = False,
    watermark_of: Callable[[Merchant], datetime | None] = lambda _: None,
) -> None:
    """Read every planned window onto disk; what goes wrong with one merchant ends that merchant's reading only.

    `watermark_of`: what the merchant's watermark becomes once a window read by update is committed.
    """
    progress.planned([merchant.work for merchant in merchants if merchant.windows])

    async def read(merchant: Merchant, window: Window) -> list[Window]:
        pieces: list[Window] = []
        if merchant.error is None:
            reader = Reader(
                source,
                lake,
                merchant.connection,
                lambda rows: progress.page(merchant.connection.id, rows),
                by,
                force_fetch,
                watermark_of(merchant),
                merchant.synced_rows,
            )
            try:
                rows, pieces = await reader.read(window)
                merchant.rows += rows
            except (ApiError, LakeError) as error:
                merchant.error = error
        merchant.windows_left += len(pieces) - 1
        if merchant.windows_left == 0:
            progress.read(merchant.connection.id)
        return pieces

    turns: Turns[Merchant] = Turns()
    for merchant in merchants:
        merchant.windows_left = len(merchant.windows)
        turns.add(merchant, merchant.windows)
    await turns.work(CONCURRENT_WINDOWS, read)


async def commit_all(
    lake: Lake, merchants: Sequence[Merchant], progress: Progress, *, days: int, only_changed: bool = False
) -> tuple[list[DayReport], list[str]]:
    """Merge what is staged of the open merchants into the day files.

    Gives the days touched, or only those that changed, and the notices to acknowledge once these are reported.
    """
    progress.committing(days)
    readable = [merchant for merchant in merchants if not isinstance(merchant.error, LakeError)]
    ids = [merchant.connection.id for merchant in readable if merchant.is_open]

    def commit() -> tuple[list[DayReport], list[str]]:
        commits, notices = lake.commit(ids, lambda _: progress.committed_day())
        told = [one for one in commits if one.is_changed or not only_changed]
        return [DayReport(lake.summary_of(one.day), one.is_changed) for one in told], notices

    return await asyncio.to_thread(commit)

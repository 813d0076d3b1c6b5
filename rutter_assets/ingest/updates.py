"""An update sync: what changed since each connection's watermark, however old the days it touches.

The watermark is an instant up to which every change that the API knew of is on disk. A read reaches back behind it by
an overlap, up to an instant frozen at its start, and the watermark moves only when all of that is in the day files.
"""

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec

from rutter_assets.errors import LakeError
from rutter_assets.ingest.gate import Gate
from rutter_assets.ingest.merchant import Merchant, chosen, commit_all, read_all
from rutter_assets.ingest.progress import Progress, Silent
from rutter_assets.ingest.report import SyncReport
from rutter_assets.ingest.source import Source
from rutter_assets.lake.lake import Lake
from rutter_assets.lake.layout import segment
from rutter_assets.lake.ledger import LastOutcome
from rutter_assets.rutter.window import Window

FRESH: Final = timedelta(minutes=15)
"""A stored snapshot of the connections that is no older tells when the source was synced last."""

_LEAST: Final = timedelta(minutes=1)
"""What is read at least, where a clock that was set back stands before the watermark."""


@dataclass(frozen=True)
class UpdateRequest:
    """What to update. `connection_ids`: null means all. `overlap`: how far behind the watermark a read begins."""

    overlap: timedelta
    connection_ids: tuple[str, ...] | None = None


async def sync_updates(
    source: Source, lake: Lake, request: UpdateRequest, progress: Progress | None = None
) -> SyncReport:
    """Read what changed of every connection whose history is loaded; the report's days are those that changed.

    One request a connection where its changes fit a page, and none where a fresh snapshot in the lake says that the
    source has not been synced since the watermark. A connection that must log in again or is disabled keeps its
    watermark, so that its dark time is read once it is back.
    """
    progress = progress or Silent()
    started = time.monotonic()
    await asyncio.to_thread(lake.remove_abandoned)
    listed = await source.connections()
    until = source.now()  # after an answer, which tells the API's own time
    synced_at = _last_syncs(lake, until)
    merchants = [Merchant(connection) for connection in chosen(listed, request.connection_ids)]
    for merchant in merchants:
        _plan(lake, request, merchant, until, synced_at.get(merchant.connection.id))
    await read_all(
        source,
        lake,
        merchants,
        progress,
        by="updated_at",
        watermark_of=lambda merchant: _watermark(merchant, until, synced_at.get(merchant.connection.id)),
    )
    reports, notices = await commit_all(lake, merchants, progress, days=0, only_changed=True)
    for merchant in merchants:
        if not isinstance(merchant.error, LakeError):
            last = LastOutcome(until, merchant.outcome.kind, merchant.outcome.message)
            lake.record(
                merchant.connection.id,
                merchant.connection.platform,
                lambda old, last=last: msgspec.structs.replace(old, last_outcome=last),  # type: ignore[misc]
            )
    return SyncReport(
        outcomes=[merchant.outcome for merchant in merchants],
        days=reports,
        notices=notices,
        traffic=source.client.traffic,
        novelties=source.client.novelties.sentences(),
        elapsed_s=time.monotonic() - started,
    )


def _plan(lake: Lake, request: UpdateRequest, merchant: Merchant, until: datetime, synced_at: datetime | None) -> None:
    try:
        segment(merchant.connection.id)
        merchant.gate = _gate(merchant)
        if not merchant.is_open:
            return
        ledger = lake.ledger(merchant.connection.id)
    except LakeError as error:
        merchant.error = error
        return
    if ledger is None or ledger.watermark is None:
        merchant.gate = Gate("waiting", "Its history is not loaded yet; updates begin after it.")
    elif synced_at is not None and synced_at <= ledger.watermark:
        merchant.note = f"Nothing new: Rutter synced it last at {synced_at:%Y-%m-%d %H:%M:%S} UTC, which is on disk."
    else:
        merchant.windows = [Window(min(ledger.watermark, until - _LEAST) - request.overlap, until)]


def _gate(merchant: Merchant) -> Gate:
    """The gate as the list of connections has it, which costs no request a connection."""
    if merchant.connection.status == "needs_reauth":
        return Gate("needs_update", "The merchant must log in again through the connection's link.")
    if merchant.connection.status == "disabled":
        return Gate("disabled", "Rutter disabled the connection; the asset rutter/connections says why.")
    return Gate("open", "Its history is loaded.")


def _watermark(merchant: Merchant, until: datetime, synced_at: datetime | None) -> datetime | None:
    """The watermark once everything up to `until` is read: no later than the source's own last sync, where it is known.

    Null, which leaves it as it is, for a connection whose syncs are failing: what it has not synced comes later.
    """
    if synced_at is not None:
        return min(until, synced_at)
    return None if merchant.connection.status == "unhealthy" else until


def _last_syncs(lake: Lake, now: datetime) -> dict[str, datetime]:
    """When the source was synced last, by connection, if the lake's newest snapshot is fresh enough to say so."""
    table = lake.latest_connections()
    if table is None or not len(table) or now - table["snapshot_at"][0].as_py() > FRESH:
        return {}
    rows = zip(table["connection_id"].to_pylist(), table["last_sync_completed_at"].to_pylist(), strict=True)
    return {connection_id: synced_at for connection_id, synced_at in rows if synced_at is not None}

"""A whole lake: everything from snapshot to warehouse, as one run after the other makes it."""

import asyncio
from datetime import date

from rutter_assets.ingest.report import SyncReport
from rutter_assets.ingest.snapshot import take_snapshot
from rutter_assets.ingest.source import Source
from rutter_assets.ingest.sync import SyncRequest, sync
from rutter_assets.lake.lake import Lake
from rutter_assets.marts import completeness
from rutter_assets.marts.mart import MARTS, compute
from rutter_assets.marts.warehouse import build
from rutter_assets.rutter.window import Window
from rutter_assets.sandbox import Sandbox
from tests.conftest import NOW, client_of

OCTOBER = Window.of_days(date(2026, 10, 1), date(2026, 11, 1))


def source_of(sandbox: Sandbox, lake: Lake) -> Source:
    return Source(client_of(sandbox), sandbox.clock.now(), lake.erased)


def read(
    sandbox: Sandbox, lake: Lake, connection_ids: tuple[str, ...] | None = None, *, is_again: bool = False
) -> SyncReport:
    """A snapshot and a sync, of what is missing or of all `is_again`."""

    async def body() -> SyncReport:
        source = source_of(sandbox, lake)
        async with source.client:
            snapshot = await take_snapshot(source)
            lake.write_connections(snapshot.taken_at, snapshot.table)
            reread = OCTOBER if is_again else None
            request = SyncRequest(OCTOBER, OCTOBER.start.date(), connection_ids, reread=reread)
            return await sync(source, lake, request)

    return asyncio.run(body())


def fill(
    sandbox: Sandbox, lake: Lake, connection_ids: tuple[str, ...] | None = None, *, is_again: bool = False
) -> SyncReport:
    """Everything that a lake has."""
    report = read(sandbox, lake, connection_ids, is_again=is_again)
    for mart in MARTS.values():
        compute(lake, mart, OCTOBER.days, NOW.date())
    completeness.compute(lake, OCTOBER.start.date(), NOW)
    build(lake)
    return report

"""One window of one connection: from pages to staged files, and then into the ledger."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from rutter_assets.errors import ContractError
from rutter_assets.ingest.source import Source
from rutter_assets.ingest.tabulate import tabulate
from rutter_assets.lake.lake import Lake
from rutter_assets.lake.ledger import StagedWindow
from rutter_assets.lake.staging import PART_ROWS
from rutter_assets.lake.tables import INSTANT
from rutter_assets.rutter.decode import Page
from rutter_assets.rutter.types import Connection
from rutter_assets.rutter.window import Window, unix_ms

_ROUNDING: Final = timedelta(milliseconds=1)
"""The API's bounds are whole milliseconds; a row may lie this far outside of what was asked for."""


async def read_window(
    source: Source,
    lake: Lake,
    connection: Connection,
    window: Window,
    *,
    run_id: str,
    force_fetch: bool,
    on_page: Callable[[int], None],
) -> int:
    """Read the window, put it on disk and record it; gives its rows. An `ApiError` leaves no record of the window.

    Memory holds `PART_ROWS` rows at most: what exceeds them is put on disk while the next pages come.
    """
    read_at = source.now()
    paths: list[str] = []
    buffer: list[pa.Table] = []
    rows = 0

    async def flush() -> None:
        name = f"{unix_ms(window.start)}-{unix_ms(window.end)}-{len(paths):04d}"
        part = pa.concat_tables(buffer)
        buffer.clear()
        paths.append(await asyncio.to_thread(lake.stage_part, run_id, connection.id, name, part))

    async for page in source.client.transactions(connection, window, force_fetch=force_fetch):
        table = tabulate(page, connection, read_at, source.client.novelties, is_provisional=force_fetch)
        table = _inside(table, page, window)
        if len(table):
            buffer.append(table)
        rows += len(table)
        on_page(len(table))
        if sum(map(len, buffer)) >= PART_ROWS:
            await flush()
    if buffer:
        await flush()
    staged = StagedWindow(window.start, window.end, read_at, tuple(paths), rows, force_fetch)
    await asyncio.to_thread(lake.record_staged, connection.id, connection.platform, staged)
    return rows


def _inside(rows: pa.Table, page: Page, window: Window) -> pa.Table:
    """The rows within the window; one far outside means that the API does not filter, and is a `ContractError`."""
    created_at = rows["created_at"]
    if len(rows):
        bounds = pc.min_max(created_at).as_py()
        if bounds["min"] < window.start - _ROUNDING or bounds["max"] > window.end + _ROUNDING:
            raise ContractError("The API sent transactions outside of the window that was asked for.", page.exchange)
    start, end = pa.scalar(window.start, INSTANT), pa.scalar(window.end, INSTANT)
    return rows.filter(pc.and_(pc.greater_equal(created_at, start), pc.less(created_at, end)))

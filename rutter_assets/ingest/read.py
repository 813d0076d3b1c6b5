"""One window of one connection: from pages to staged files, and then into the ledger."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from rutter_assets.errors import ContractError
from rutter_assets.ingest.density import Density
from rutter_assets.ingest.source import Source
from rutter_assets.ingest.tabulate import tabulate
from rutter_assets.lake.lake import Lake
from rutter_assets.lake.ledger import StagedWindow
from rutter_assets.lake.staging import PART_ROWS
from rutter_assets.lake.tables import INSTANT
from rutter_assets.rutter.client import TimeField
from rutter_assets.rutter.decode import Page
from rutter_assets.rutter.types import Connection
from rutter_assets.rutter.window import Window

_ROUNDING: Final = timedelta(milliseconds=1)
"""The API's bounds are whole milliseconds; a row may lie this far outside of what was asked for."""


@dataclass(frozen=True)
class Reader:
    """Reads windows of one connection."""

    source: Source
    lake: Lake
    connection: Connection
    on_page: Callable[[int], None]
    by: TimeField = "created_at"
    force_fetch: bool = False
    watermark: datetime | None = None
    most_rows: int | None = None

    async def read(self, window: Window) -> tuple[int, list[Window]]:
        """Read the window, put it on disk and record it; gives its rows, and the windows it was split into.

        A window that proves dense is recorded as far as it was read and its rest given back in pieces. An `ApiError`
        leaves no record. Memory holds `PART_ROWS` rows at most: what exceeds them is put on disk meanwhile.
        """
        parts = _Parts(self)
        read_at = self.source.now()
        density = Density(window, self.most_rows)
        pages = self.source.client.transactions(self.connection, window, self.by, force_fetch=self.force_fetch)
        async for page in pages:
            rows = tabulate(
                page, self.connection, read_at, self.source.client.novelties, is_provisional=self.force_fetch
            )
            rows = self._inside(rows, page, window)
            density.add(rows)
            pieces = density.split() if self.by == "created_at" and page.next_cursor is not None else None
            if pieces is not None:
                await pages.aclose()
                if pieces[0].start == window.start:
                    return 0, pieces
                window = Window(window.start, pieces[0].start)
                rows = self._inside(rows, page, window, is_cut=True)
            self.on_page(len(rows))
            await parts.add(rows)
            if pieces is not None:
                return await parts.record(window, read_at), pieces
        return await parts.record(window, read_at), []

    def _inside(self, rows: pa.Table, page: Page, window: Window, *, is_cut: bool = False) -> pa.Table:
        """The rows within the window; one far outside means that the API does not filter: a `ContractError`."""
        instants = rows[self.by]
        if len(rows) and not is_cut:
            bounds = pc.min_max(instants).as_py()
            if bounds["min"] < window.start - _ROUNDING or bounds["max"] > window.end + _ROUNDING:
                raise ContractError(
                    "The API sent transactions outside of the window that was asked for.", page.exchange
                )
        start, end = pa.scalar(window.start, INSTANT), pa.scalar(window.end, INSTANT)
        return rows.filter(pc.and_(pc.greater_equal(instants, start), pc.less(instants, end)))


@dataclass
class _Parts:
    """The rows of a window on their way to disk, `PART_ROWS` a file."""

    reader: Reader
    buffer: list[pa.Table] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    rows: int = 0
    days: tuple[date, date] | None = None

    async def add(self, rows: pa.Table) -> None:
        if len(rows):
            self.buffer.append(rows)
            self.rows += len(rows)
            bounds = pc.min_max(rows["created_at"]).as_py()
            found = bounds["min"].date(), bounds["max"].date()
            self.days = found if self.days is None else (min(self.days[0], found[0]), max(self.days[1], found[1]))
        if sum(map(len, self.buffer)) >= PART_ROWS:
            await self._flush()

    async def record(self, window: Window, read_at: datetime) -> int:
        """The checkpoint: what was added is the whole of `window`."""
        if self.buffer:
            await self._flush()
        reader = self.reader
        staged = StagedWindow(
            start=window.start,
            end=window.end,
            read_at=read_at,
            paths=tuple(self.paths),
            rows=self.rows,
            by=reader.by,
            is_provisional=reader.force_fetch,
            watermark=reader.watermark,
            days=self.days,
        )
        connection = reader.connection
        await asyncio.to_thread(reader.lake.record_staged, connection.id, connection.platform, staged)
        return self.rows

    async def _flush(self) -> None:
        rows = pa.concat_tables(self.buffer)
        self.buffer.clear()
        reader = self.reader
        self.paths.append(await asyncio.to_thread(reader.lake.stage_part, reader.connection.id, rows))

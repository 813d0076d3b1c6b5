"""Staged windows → day files: each touched file is rewritten once for the whole batch, whatever the windows."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Final

import pyarrow as pa

from rutter_assets.lake import layout, parquet, staging
from rutter_assets.lake.ledger import StagedWindow
from rutter_assets.lake.merge import Read, merge
from rutter_assets.lake.storage import Storage
from rutter_assets.lake.tables import TRANSACTIONS

_NO_ROWS: Final = TRANSACTIONS.schema.empty_table()


@dataclass(frozen=True)
class Batch:
    """One connection's staged window, on its way to the day files."""

    connection_id: str
    window: StagedWindow


@dataclass(frozen=True)
class DayCommit:
    """A day that the batch had rows for, or whose stored rows it could remove; `is_changed`: its bytes differ now."""

    day: date
    is_changed: bool


def commit(
    storage: Storage, buckets: int, batches: Sequence[Batch], on_day: Callable[[DayCommit], None] = lambda _: None
) -> list[DayCommit]:
    """Merge every window into the day files it touches, oldest day first.

    It may be repeated after a crash at any moment: a window that is already merged changes nothing.
    """
    stored = set(storage.paths("transactions"))
    commits = []
    for day, reads in _reads_by_day(storage, batches):
        touched, changed = False, False
        by_bucket: dict[int, list[Read]] = defaultdict(list)
        for read in reads:
            by_bucket[layout.bucket_of(read.connection_id, buckets)].append(read)
        for bucket, of_bucket in sorted(by_bucket.items()):
            path = layout.transactions(day, bucket)
            if path in stored or any(len(read.rows) for read in of_bucket):
                touched = True
                changed |= storage.change(path, lambda old, p=path, r=of_bucket: _merged(old, r, p))  # type: ignore[misc]
        if touched:
            commits.append(DayCommit(day, changed))
            on_day(commits[-1])
    return commits


def _merged(old: bytes | None, reads: Sequence[Read], path: str) -> bytes | None:
    rows = merge(None if old is None else parquet.from_bytes(old, TRANSACTIONS, path), reads)
    return parquet.to_bytes(rows, TRANSACTIONS) if len(rows) else None


def _reads_by_day(storage: Storage, batches: Sequence[Batch]) -> Iterator[tuple[date, list[Read]]]:
    """Every day that a window touches, in order, with what each window found of it.

    A window is opened when its first day comes and closed after its last, so that memory holds a part of each open
    window and no more.
    """
    waiting = sorted(batches, key=lambda batch: batch.window.start, reverse=True)
    open_: list[_OpenWindow] = []
    day = waiting[-1].window.start.date() if waiting else date.min
    while waiting or open_:
        while waiting and waiting[-1].window.start.date() <= day:
            open_.append(_OpenWindow(storage, waiting.pop()))
        yield day, [window.read_of(day) for window in open_]
        open_ = [window for window in open_ if window.last_day > day]
        day = day + timedelta(days=1) if open_ or not waiting else waiting[-1].window.start.date()


class _OpenWindow:
    """A staged window, read forward day by day."""

    def __init__(self, storage: Storage, batch: Batch) -> None:
        self._batch = batch
        window = batch.window
        self.last_day = (window.end - timedelta(microseconds=1)).date()
        self._days = groupby(staging.days_of(storage, window), key=lambda piece: piece[0])
        self._next = next(self._days, None)

    def read_of(self, day: date) -> Read:
        rows = _NO_ROWS
        if self._next is not None and self._next[0] == day:
            rows = pa.concat_tables([piece for _, piece in self._next[1]])
            self._next = next(self._days, None)
        window = self._batch.window
        return Read(self._batch.connection_id, window.read_at, rows, window.start, window.end)

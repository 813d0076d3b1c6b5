"""Staged windows → day files: each touched file is rewritten once for the whole batch, whatever the windows."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence, Set
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from itertools import groupby
from typing import Final

import numpy as np
import pyarrow as pa

from rutter_assets.errors import LakeError
from rutter_assets.lake import layout, moves, parquet, staging
from rutter_assets.lake.ledger import StagedWindow
from rutter_assets.lake.merge import Read, merge
from rutter_assets.lake.moves import Fingerprints
from rutter_assets.lake.storage import Storage
from rutter_assets.lake.tables import TRANSACTIONS

_WRITERS: Final = 4
"""Day files in the making at a time: compressing and syncing them waits for the disk, and holds no lock of Python."""

_NO_ROWS: Final = TRANSACTIONS.schema.empty_table()
_NOTHING: Final = np.empty(0, np.uint64)


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
    storage: Storage,
    buckets: int,
    batches: Sequence[Batch],
    on_day: Callable[[DayCommit], None] = lambda _: None,
    on_moved: Callable[[Sequence[date]], None] = lambda _: None,
) -> list[DayCommit]:
    """Merge every window into the day files it touches, oldest day first, and take what moved out of its old days.

    It may be repeated after a crash at any moment: a window that is already merged changes nothing. `on_moved` is told
    the days that lose a row to another day, before they do.
    """
    stored = set(storage.paths("transactions"))
    commits: dict[date, DayCommit] = {}
    read: list[Fingerprints] = []
    writing: deque[Future[tuple[DayCommit | None, Fingerprints]]] = deque()

    def take_oldest() -> None:
        done, fingerprints = writing.popleft().result()
        read.append(fingerprints)
        if done is not None:
            commits[done.day] = done
            on_day(done)

    with ThreadPoolExecutor(_WRITERS, "commit") as writers:
        for day, reads in _reads_by_day(storage, batches):
            writing.append(writers.submit(_commit_day, storage, buckets, stored, day, reads))
            if len(writing) > 2 * _WRITERS:
                take_oldest()
        while writing:
            take_oldest()
    in_buckets = {layout.bucket_of(batch.connection_id, buckets) for batch in batches}
    left = moves.left_behind(storage, in_buckets, read)
    if left:
        on_moved(sorted({_day(path) for path in left}))
    for path, newer in left.items():
        if storage.change(path, partial(moves.without, newer=newer, path=path)):
            day = _day(path)
            commits[day] = DayCommit(day, is_changed=True)
    return [commits[day] for day in sorted(commits)]


def _commit_day(
    storage: Storage, buckets: int, stored: Set[str], day: date, reads: Sequence[Read]
) -> tuple[DayCommit | None, Fingerprints]:
    """Merge the reads into the day's files, and give what was read of it.

    The day is null when there is neither a stored row nor a new one.
    """
    by_bucket: dict[int, list[Read]] = defaultdict(list)
    for read in reads:
        by_bucket[layout.bucket_of(read.connection_id, buckets)].append(read)
    is_touched, is_changed = False, False
    for bucket, of_bucket in sorted(by_bucket.items()):
        path = layout.transactions(day, bucket)
        if path in stored or any(len(read.rows) for read in of_bucket):
            is_touched = True
            is_changed |= storage.change(path, partial(_merged, reads=of_bucket, path=path))
    fingerprints = np.concatenate([moves.fingerprints(read.rows) for read in reads if len(read.rows)] or [_NOTHING])
    return DayCommit(day, is_changed) if is_touched else None, fingerprints


def _day(path: str) -> date:
    day = layout.day_of(path)
    if day is None:
        raise LakeError(f"{path} belongs to no day: move it out of the lake.")
    return day


def _merged(old: bytes | None, reads: Sequence[Read], path: str) -> bytes | None:
    rows = merge(None if old is None else parquet.from_bytes(old, TRANSACTIONS, path), reads)
    return parquet.to_bytes(rows, TRANSACTIONS) if len(rows) else None


def _reads_by_day(storage: Storage, batches: Sequence[Batch]) -> Iterator[tuple[date, list[Read]]]:
    """Every day that a window touches, in order, with what each window found of it.

    A window is opened when its first day comes and closed after its last, so that memory holds a part of each open
    window and no more. Windows read by update say nothing of days of which they hold no row; they are opened at once.
    """
    open_ = [_OpenWindow(storage, batch) for batch in batches if batch.window.by == "updated_at"]
    waiting = [batch for batch in batches if batch.window.by == "created_at"]
    waiting.sort(key=lambda batch: batch.window.start, reverse=True)
    while waiting or open_:
        days = [window.next_day for window in open_ if window.next_day is not None]
        if waiting:
            days.append(waiting[-1].window.start.date())
        if not days:
            return
        day = min(days)
        while waiting and waiting[-1].window.start.date() <= day:
            open_.append(_OpenWindow(storage, waiting.pop()))
        yield day, [window.read_of(day) for window in open_ if window.next_day == day]
        open_ = [window for window in open_ if window.next_day is not None]


class _OpenWindow:
    """A staged window, read forward day by day; `next_day` is the next one it has something to say of."""

    def __init__(self, storage: Storage, batch: Batch) -> None:
        self._batch = batch
        window = batch.window
        self._pieces = groupby(staging.days_of(storage, window), key=lambda piece: piece[0])
        self._found = next(self._pieces, None)
        self._states_all = window.by == "created_at"
        self._last_day = (window.end - timedelta(microseconds=1)).date()
        self.next_day = window.start.date() if self._states_all else self._found and self._found[0]

    def read_of(self, day: date) -> Read:
        rows = _NO_ROWS
        if self._found is not None and self._found[0] == day:
            rows = pa.concat_tables([piece for _, piece in self._found[1]])
            self._found = next(self._pieces, None)
        window = self._batch.window
        if not self._states_all:
            self.next_day = self._found and self._found[0]
            return Read(self._batch.connection_id, window.read_at, rows)
        self.next_day = day + timedelta(days=1) if day < self._last_day else None
        return Read(self._batch.connection_id, window.read_at, rows, window.start, window.end)

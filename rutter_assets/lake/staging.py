"""Staged windows: what was fetched and is not yet in the day files, as small Arrow files ordered by time."""

import heapq
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import chain, pairwise
from operator import itemgetter

import numpy as np
import pyarrow as pa

from rutter_assets.errors import LakeError
from rutter_assets.lake.ledger import StagedWindow
from rutter_assets.lake.storage import Storage
from rutter_assets.lake.tables import TRANSACTIONS

PART_ROWS = 20_000
"""Rows of one staged file at most: what one open window holds in memory."""

_BATCH_ROWS = 4_096
"""Rows that a commit reads of one staged file at a time."""


class TakenAwayError(LakeError):
    """A staged file is gone: another process has committed it, or it was lost, and its window is read again."""


def write_part(storage: Storage, path: str, rows: pa.Table) -> None:
    """Put one part of a window on disk, ordered by time so that days can be cut off one after the other."""
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_file(sink, TRANSACTIONS.schema, options=options) as file:
        file.write_table(rows.sort_by("created_at").combine_chunks(), max_chunksize=_BATCH_ROWS)
    storage.write(path, sink.getvalue().to_pybytes())


def days_of(storage: Storage, window: StagedWindow) -> Iterator[tuple[date, pa.Table]]:
    """The window's rows as (day, rows), days in order; a day may come in several pieces, one after the other."""
    parts = [_pieces(storage, path) for path in window.paths]
    if _follow_each_other(storage, window.paths):
        yield from chain.from_iterable(parts)
    else:
        yield from heapq.merge(*parts, key=itemgetter(0))


def _pieces(storage: Storage, path: str) -> Iterator[tuple[date, pa.Table]]:
    file = _open(storage, path)
    for number in range(file.num_record_batches):
        yield from _by_day(pa.Table.from_batches([file.get_batch(number)], TRANSACTIONS.schema))


def _follow_each_other(storage: Storage, paths: Sequence[str]) -> bool:
    """Whether each part ends before the next one begins: so when the API sorts by `created_at`, as it should."""
    bounds = []
    for path in paths if len(paths) > 1 else ():
        file = _open(storage, path)
        first, last = file.get_batch(0)["created_at"], file.get_batch(file.num_record_batches - 1)["created_at"]
        bounds.append((first[0].as_py(), last[-1].as_py()))
    return all(one[1] <= other[0] for one, other in pairwise(bounds))


def _open(storage: Storage, path: str) -> pa.ipc.RecordBatchFileReader:
    content = storage.read(path)
    if content is None:
        raise TakenAwayError(f"{path} was taken away while it was read: run the sync again.")
    try:
        return pa.ipc.open_file(pa.BufferReader(content))
    except pa.ArrowInvalid:
        raise LakeError(f"{path} is broken: remove it, and its window is read again.") from None


def _by_day(rows: pa.Table) -> Iterator[tuple[date, pa.Table]]:
    days = rows["created_at"].cast(pa.timestamp("us")).cast(pa.date32()).combine_chunks()
    numbers = np.asarray(days.cast(pa.int32()))
    bounds = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(rows)]
    for start, end in pairwise(bounds):
        yield days[start].as_py(), rows.slice(start, end - start)

"""Staged windows: what was fetched and is not yet in the day files, as small Parquet files ordered by time."""

import heapq
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import chain, pairwise
from operator import itemgetter

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from rutter_assets.errors import LakeError
from rutter_assets.lake import parquet
from rutter_assets.lake.ledger import StagedWindow
from rutter_assets.lake.storage import Storage
from rutter_assets.lake.tables import TRANSACTIONS, Table

PART_ROWS = 20_000
"""Rows of one staged file at most: what one open window holds in memory."""

_ROW_GROUP_ROWS = 4_096

STAGED = Table(TRANSACTIONS.name, TRANSACTIONS.one_row_per, TRANSACTIONS.columns, ("created_at", "connection_id", "id"))
"""A transaction as staged: the same columns, ordered by time so that days can be cut off one after the other."""


def write_part(storage: Storage, path: str, rows: pa.Table) -> None:
    """Put one part of a window on disk."""
    storage.write(path, parquet.to_bytes(rows, STAGED, row_group_rows=_ROW_GROUP_ROWS))


def days_of(storage: Storage, window: StagedWindow) -> Iterator[tuple[date, pa.Table]]:
    """The window's rows as (day, rows), days in order; a day may come in several pieces, one after the other."""
    parts = [_pieces(storage, path) for path in window.paths]
    if _follow_each_other(storage, window.paths):
        yield from chain.from_iterable(parts)
    else:
        yield from heapq.merge(*parts, key=itemgetter(0))


def _pieces(storage: Storage, path: str) -> Iterator[tuple[date, pa.Table]]:
    for batch in _open(storage, path).iter_batches(_ROW_GROUP_ROWS):
        yield from _by_day(pa.Table.from_batches([batch], TRANSACTIONS.schema))


def _follow_each_other(storage: Storage, paths: Sequence[str]) -> bool:
    """Whether each part ends before the next one begins: so when the API sorts by `created_at`, as it should."""
    column = TRANSACTIONS.schema.get_field_index("created_at")
    bounds = []
    for path in paths if len(paths) > 1 else ():
        footer = _open(storage, path).metadata
        groups = [footer.row_group(n).column(column).statistics for n in range(footer.num_row_groups)]
        bounds.append((groups[0].min, groups[-1].max))
    return all(one[1] <= other[0] for one, other in pairwise(bounds))


def _open(storage: Storage, path: str) -> pq.ParquetFile:
    content = storage.read(path)
    if content is None:
        raise LakeError(f"{path} was taken away while it was read: run the sync again.")
    return parquet.open_file(content, STAGED, path)


def _by_day(rows: pa.Table) -> Iterator[tuple[date, pa.Table]]:
    days = rows["created_at"].cast(pa.timestamp("us")).cast(pa.date32()).combine_chunks()
    numbers = np.asarray(days.cast(pa.int32()))
    bounds = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(rows)]
    for start, end in pairwise(bounds):
        yield days[start].as_py(), rows.slice(start, end - start)

"""Staged windows: what was fetched and is not yet in the day files, as small Parquet files ordered by time."""

from collections.abc import Iterator
from datetime import date
from itertools import pairwise

import numpy as np
import pyarrow as pa

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
    """The window's rows day by day; a day can come more than once when the API did not sort by `created_at`."""
    for path in window.paths:
        content = storage.read(path)
        if content is None:
            raise LakeError(f"{path} was taken away while it was read: run the sync again.")
        file = parquet.open_file(content, STAGED, path)
        for batch in file.iter_batches(_ROW_GROUP_ROWS):
            yield from _by_day(pa.Table.from_batches([batch], TRANSACTIONS.schema))


def _by_day(rows: pa.Table) -> Iterator[tuple[date, pa.Table]]:
    days = rows["created_at"].cast(pa.timestamp("us")).cast(pa.date32()).combine_chunks()
    numbers = np.asarray(days.cast(pa.int32()))
    bounds = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(rows)]
    for start, end in pairwise(bounds):
        yield days[start].as_py(), rows.slice(start, end - start)

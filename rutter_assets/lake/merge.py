"""A day's stored rows and what was read about them → its new rows. Pure; the only place that decides who wins.

Of two contents of one transaction the newer `updated_at` wins, and at a tie the one read later, so reads that come
late, twice or in another order end in the same rows. A content that is already stored keeps its `loaded_at`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rutter_assets.lake.tables import INSTANT, TRANSACTIONS

_CONTENT = [name for name in TRANSACTIONS.schema.names if name != "loaded_at"]


@dataclass(frozen=True)
class Read:
    """What one read found of one connection.

    `rows` has the schema of `transactions`. A read by `created_at` states all there is between `start` and `end`: a
    stored row of that time which it did not see, and which was not read later than `read_at`, is gone. A read by
    update (`start` and `end` null) states nothing about the rows it did not see.
    """

    connection_id: str
    read_at: datetime
    rows: pa.Table
    start: datetime | None = None
    end: datetime | None = None


def merge(stored: pa.Table | None, reads: Sequence[Read]) -> pa.Table:
    """The rows of a day after `reads`; in no particular order, with each (connection_id, id) once."""
    found = pa.concat_tables([read.rows for read in reads])
    if stored is None:
        return _newest(found)
    return _newest(pa.concat_tables([_without_vanished(stored, reads, found), found]))


def _without_vanished(stored: pa.Table, reads: Sequence[Read], found: pa.Table) -> pa.Table:
    seen = pc.is_in(keys_of(stored), value_set=keys_of(found).combine_chunks())
    gone = np.zeros(len(stored), dtype=bool)
    for layer in _layers(read for read in reads if read.start is not None):
        which = pc.index_in(stored["connection_id"], value_set=pa.array([read.connection_id for read in layer]))

        def of_read(instants: list[datetime | None], which: pa.ChunkedArray = which) -> pa.ChunkedArray:
            return pc.take(pa.array(instants, INSTANT), which)

        stated = pc.and_(
            pc.greater_equal(stored["created_at"], of_read([read.start for read in layer])),
            pc.less(stored["created_at"], of_read([read.end for read in layer])),
        )
        stated = pc.and_(stated, pc.less(stored["loaded_at"], of_read([read.read_at for read in layer])))
        gone |= np.asarray(pc.fill_null(stated, False))
    return stored.filter(pc.or_(seen, pa.array(~gone)))


def _layers(reads: Iterable[Read]) -> list[list[Read]]:
    """The reads in groups in which each connection comes once, so that a group is looked up at a stroke."""
    layers: list[dict[str, Read]] = []
    for read in reads:
        layer = next((layer for layer in layers if read.connection_id not in layer), None)
        if layer is None:
            layers.append(layer := {})
        layer[read.connection_id] = read
    return [list(layer.values()) for layer in layers]


def _newest(rows: pa.Table) -> pa.Table:
    keys = keys_of(rows)
    if pc.count_distinct(keys).as_py() == len(rows):
        return rows
    order = pc.sort_indices(
        rows.append_column("_key", keys),
        sort_keys=[("_key", "ascending"), ("updated_at", "ascending"), ("loaded_at", "ascending")],
    )
    rows, keys = rows.take(order).combine_chunks(), keys.take(order)
    same_key = np.asarray(pc.equal(keys[1:], keys[:-1]))
    same_content = same_key.copy()
    for name in _CONTENT:
        same_content &= _equal_neighbours(rows[name])
    starts = np.arange(len(rows))
    starts[1:][same_content] = 0
    first_read = rows["loaded_at"].take(pa.array(np.maximum.accumulate(starts)))
    rows = rows.set_column(rows.schema.get_field_index("loaded_at"), rows.schema.field("loaded_at"), first_read)
    return rows.filter(pa.array(np.append(~same_key, True)))


def _equal_neighbours(column: pa.ChunkedArray) -> np.ndarray:
    one, other = column[1:], column[:-1]
    both_null = pc.and_(pc.is_null(one), pc.is_null(other))
    return np.asarray(pc.or_(pc.fill_null(pc.equal(one, other), False), both_null))


def keys_of(rows: pa.Table) -> pa.ChunkedArray:
    """What each row is known by within the lake: its connection and id as one text."""
    return pc.binary_join_element_wise(rows["connection_id"], rows["id"], "\0")

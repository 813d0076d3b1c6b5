"""One id, one day: a transaction whose `created_at` moved to another day is taken out of the day it was in.

A read says what its own days hold and nothing of the others, so after its commit such a row may be in both. Therefore
the ids that were read are then looked up in all day files, and of one that lies in several the newest `updated_at`
stays, at a tie the one read later. Only a row that is older than one seen elsewhere is taken out: whatever the order in
which two processes come here, the later one finds both rows, and none that is valid is lost. Between the two writes a
reader may see the row twice.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from rutter_assets.lake import layout, parquet
from rutter_assets.lake.merge import keys_of
from rutter_assets.lake.storage import Storage
from rutter_assets.lake.tables import TRANSACTIONS

_READERS: Final = 4
_KEY: Final = ("connection_id", "id")
_STAMP: Final = ("updated_at", "loaded_at", "created_at")
_OTHER: Final = np.uint64(0x9E3779B97F4A7C15)
"""An odd factor, so that connection and id count differently."""

Fingerprints = NDArray[np.uint64]
Stamp = tuple[datetime, ...]
Newer = Mapping[str, Stamp]
"""By key, the stamp of the row that lies in another day: a row with an older one gives way to it."""


def left_behind(storage: Storage, buckets: Iterable[int], read: Sequence[Fingerprints]) -> dict[str, Newer]:
    """The day files that hold a row which has a newer content in another day, of the rows that were `read`.

    It reads two columns of every day file of the buckets, and holds 12 bytes a row that was read.
    """
    wanted = np.sort(np.concatenate([np.empty(0, np.uint64), *read]))
    names = {layout.bucket_file(bucket) for bucket in buckets}
    paths = [path for path in storage.paths("transactions") if path.rsplit("/", 1)[-1] in names]
    if not len(wanted) or len(paths) < 2:
        return {}
    doubled, suspects = _doubled(storage, paths, wanted)
    return _by_file(storage, suspects, doubled) if suspects else {}


def without(old: bytes | None, newer: Newer, path: str) -> bytes | None:
    """The day file's bytes without the rows that give way; null when none is left."""
    if old is None:
        return None
    rows = parquet.from_bytes(old, TRANSACTIONS, path)
    keys = keys_of(rows)
    found = np.flatnonzero(np.asarray(pc.is_in(keys, value_set=pa.array(list(newer)))))
    stamps = rows.select(_STAMP).take(pa.array(found)).to_pylist()
    gone = [n for n, row in zip(found, stamps, strict=True) if _stamp(row) < newer[keys[int(n)].as_py()]]
    if not gone:
        return old
    stays = np.ones(len(rows), dtype=bool)
    stays[gone] = False
    return parquet.to_bytes(rows.filter(pa.array(stays)), TRANSACTIONS) if stays.any() else None


def fingerprints(rows: pa.Table) -> Fingerprints:
    """64 bits for each (connection_id, id): the same for the same, and almost never the same for two."""
    connections = rows["connection_id"].combine_chunks().dictionary_encode()
    found: Fingerprints = (_of_text(pa.chunked_array([connections.dictionary])) * _OTHER)[connections.indices]
    return found + _of_text(rows["id"])


def _of_text(texts: pa.ChunkedArray) -> Fingerprints:
    """The texts of one length at a time as rows of 32-bit words, each word times a random odd number of its place."""
    found = np.zeros(len(texts), np.uint64)
    if not len(texts):
        return found
    whole = texts.combine_chunks()
    bounds = np.frombuffer(whole.buffers()[1], np.int32, len(whole) + 1, 4 * whole.offset)
    letters = np.frombuffer(whole.buffers()[2] or b"\0", np.uint8)
    lengths = np.diff(bounds)
    for length in np.unique(lengths[lengths > 0]):
        which = lengths == length
        if which.all():
            same = letters[bounds[0] : bounds[-1]].reshape(-1, length)
        else:
            same = letters[bounds[:-1][which, np.newaxis] + np.arange(length)]
        words = np.pad(same, ((0, 0), (0, -length % 4))).view(np.uint32)
        odd = np.random.default_rng(length).integers(0, 2**63, words.shape[1], np.uint64) * np.uint64(2) + np.uint64(1)
        total = np.zeros(len(same), np.uint64)
        for place, factor in enumerate(odd):
            total += words[:, place] * factor
        found[which] = total
    return found


def _doubled(storage: Storage, paths: Sequence[str], wanted: Fingerprints) -> tuple[Fingerprints, list[str]]:
    """Those of the wanted fingerprints that are in several files, and these files."""
    first_in = np.full(len(wanted), -1, np.int32)
    is_doubled = np.zeros(len(wanted), dtype=bool)
    suspects: set[int] = set()
    with ThreadPoolExecutor(_READERS, "look-up") as readers:
        for number, places in enumerate(readers.map(partial(_places, storage, wanted), paths)):
            before = first_in[places]
            again = before >= 0
            if again.any():
                is_doubled[places[again]] = True
                suspects |= {number, *before[again].tolist()}
            first_in[places[~again]] = number
    return wanted[is_doubled], [paths[number] for number in sorted(suspects)]


def _places(storage: Storage, wanted: Fingerprints, path: str) -> NDArray[np.intp]:
    """Where in `wanted` the file's fingerprints are, each place once."""
    found = np.sort(fingerprints(_columns(storage, path, _KEY)))  # in order, which makes the search three times faster
    places: NDArray[np.intp] = np.minimum(np.searchsorted(wanted, found), len(wanted) - 1)
    places = places[wanted[places] == found]
    return places[np.diff(places, prepend=-1) > 0]


def _by_file(storage: Storage, paths: Sequence[str], doubled: Fingerprints) -> dict[str, Newer]:
    places: dict[str, list[tuple[Stamp, str]]] = defaultdict(list)
    for path in paths:
        rows = _columns(storage, path, _KEY + _STAMP)
        rows = rows.filter(pa.array(np.isin(fingerprints(rows), doubled)))
        for key, row in zip(keys_of(rows).to_pylist(), rows.to_pylist(), strict=True):
            places[key].append((_stamp(row), path))
    newer: dict[str, dict[str, Stamp]] = defaultdict(dict)
    for key, found in places.items():
        stamp, stays = max(found)
        for _, path in found:
            if path != stays:
                newer[path][key] = stamp
    return dict(newer)


def _columns(storage: Storage, path: str, columns: Sequence[str]) -> pa.Table:
    """These columns of a day file; no rows where another process has just taken the file away."""
    content = storage.read(path)
    if content is None:
        return TRANSACTIONS.schema.empty_table().select(columns)
    return parquet.columns_of(content, TRANSACTIONS, path, columns)


def _stamp(row: Mapping[str, Any]) -> Stamp:
    return tuple(row[name] for name in _STAMP)

"""What the lake's files hold of one connection, and taking it out of them: of whatever table, known here or not.

A Parquet file holds something of the connection where its column `connection_id` says so; besides, there are its ledger
and what is staged of it. `rutter.duckdb` and the report are made of these, and no matter of this module.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from rutter_assets.errors import LakeError
from rutter_assets.lake import layout, parquet
from rutter_assets.lake.lake import Lake

_COLUMN: Final = "connection_id"
_STAGING: Final = "_staging"


@dataclass(frozen=True)
class Holding:
    """What one table holds: its files, the rows in them, those of the connection, and the SHA-256 of all its files.

    Of ledger and staging a file counts as a row.
    """

    table: str
    files: int
    rows: int
    rows_of_connection: int
    sha256: str


def holdings(lake: Lake, connection_id: str) -> list[Holding]:
    """What each table of the lake holds, in the order of their names."""
    files: dict[str, list[str]] = defaultdict(list)
    for path in lake.storage.paths(""):
        if (table := _table_of(path)) is not None:
            files[table].append(path)
    return [_holding(lake, table, paths, connection_id) for table, paths in sorted(files.items())]


def take_out(lake: Lake, connection_id: str) -> int:
    """Take everything of the connection out of the files; how many were changed or removed.

    What others write meanwhile may be missed: who needs to be sure looks again until nothing was found.
    """
    changed = 0
    for path in list(_own(lake, connection_id)):
        changed += 1
        lake.storage.delete(path)
    for path in [path for path in lake.storage.paths("") if path.endswith(".parquet") and _table_of(path)]:
        changed += lake.storage.change(path, partial(_without, connection_id=connection_id, path=path))
    return changed


def _own(lake: Lake, connection_id: str) -> Iterator[str]:
    """The files that belong to the connection alone: its ledger, and what is staged of it."""
    ledger = layout.ledger(connection_id)
    if lake.storage.exists(ledger):
        yield ledger
    for path in lake.storage.paths(layout.STAGING):
        if layout.connection_of(path) == connection_id:
            yield path


def _without(content: bytes | None, connection_id: str, path: str) -> bytes | None:
    return None if content is None else parquet.without(content, _COLUMN, connection_id, path)


def _table_of(path: str) -> str | None:
    """The table a file belongs to; null for what holds nothing of a merchant."""
    parts = path.split("/")
    if path.startswith(f"{layout.STAGING}/"):
        return "staging"
    if parts[0] in (_STAGING, layout.WAREHOUSE, layout.REPORT) or len(parts) == 1:
        return None
    return parts[1] if parts[0] == "marts" else parts[0]


def _holding(lake: Lake, table: str, paths: list[str], connection_id: str) -> Holding:
    digest, rows, of_connection = hashlib.sha256(), 0, 0
    own = set(_own(lake, connection_id)) if table in ("staging", layout.LEDGER) else set()
    for path in paths:
        content = lake.storage.read(path)
        if content is None:
            continue
        digest.update(f"{path}\n".encode() + hashlib.sha256(content).digest())
        ids = _ids(content, path)
        rows += 1 if ids is None else len(ids)
        of_connection += path in own if ids is None else pc.sum(pc.equal(ids, connection_id)).as_py() or 0
    return Holding(table, len(paths), rows, of_connection, digest.hexdigest())


def _ids(content: bytes, path: str) -> pa.ChunkedArray | None:
    """The connection of each row of a Parquet file; null for a file of another kind, or without the column."""
    if not path.endswith(".parquet"):
        return None
    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        return file.read([_COLUMN])[_COLUMN] if _COLUMN in file.schema_arrow.names else None
    except (pa.ArrowInvalid, OSError):
        raise LakeError(f"{path} is not a readable Parquet file: move it out of the lake, and run again.") from None

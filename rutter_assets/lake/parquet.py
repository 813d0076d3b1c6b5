"""Arrow tables ↔ Parquet bytes: the same content gives the same bytes."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from rutter_assets.errors import LakeError
from rutter_assets.lake.tables import Table


def to_bytes(rows: pa.Table, table: Table) -> bytes:
    """The table's rows, in its order, as one Parquet file."""
    ordered = (
        rows.select(table.schema.names).cast(table.schema).sort_by([(name, "ascending") for name in table.sorted_by])
    )
    sink = io.BytesIO()
    repeating = [column.name for column in table.columns if column.is_repeating]
    pq.write_table(
        ordered.combine_chunks(), sink, compression="zstd", compression_level=1, use_dictionary=repeating or False
    )
    return sink.getvalue()


def open_file(content: bytes, table: Table, path: str) -> pq.ParquetFile:
    """The file, ready to be read; one that is broken or of another schema is a `LakeError` that names it."""
    try:
        # Not pq.read_table on a Python file object: its reader threads abort the interpreter at exit (pyarrow 26).
        file = pq.ParquetFile(pa.BufferReader(content))
    except (pa.ArrowInvalid, OSError):
        raise LakeError(_BROKEN.format(path=path)) from None
    _check(file.schema_arrow, table, path)
    return file


def check_file(file: Path, table: Table, path: str) -> None:
    """A `LakeError` that names the mend if the local file is broken or of another schema; reads its footer only."""
    try:
        schema = pq.read_schema(file, memory_map=True)
    except (pa.ArrowInvalid, OSError):
        raise LakeError(_BROKEN.format(path=path)) from None
    _check(schema, table, path)


def from_bytes(content: bytes, table: Table, path: str) -> pa.Table:
    """All rows of a file; a broken or foreign one is a `LakeError` that names it."""
    return columns_of(content, table, path, table.schema.names)


def columns_of(content: bytes, table: Table, path: str, columns: Sequence[str]) -> pa.Table:
    """These columns of all rows of a file; errors as above."""
    file = open_file(content, table, path)
    try:
        return file.read(list(columns))
    except (pa.ArrowInvalid, OSError):
        raise LakeError(_BROKEN.format(path=path)) from None


_BROKEN: Final = "{path} is not a readable Parquet file: move it away and sync its day again."


def _check(found: pa.Schema, table: Table, path: str) -> None:
    if not found.equals(table.schema):
        raise LakeError(
            f"{path} has another schema than this version writes: point RUTTER_LAKE at a lake of this version,"
            " or move the file away and sync its day again."
        )

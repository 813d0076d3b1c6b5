"""Arrow tables ↔ Parquet bytes: the same content gives the same bytes."""

import io
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from rutter_assets.errors import LakeError
from rutter_assets.lake.tables import Table


def to_bytes(rows: pa.Table, table: Table) -> bytes:
    """The table's rows, in its order, as one Parquet file."""
    ordered = (
        rows.select(table.schema.names).cast(table.schema).sort_by([(name, "ascending") for name in table.sorted_by])
    )
    return _written(ordered, [column.name for column in table.columns if column.is_repeating])


def without(content: bytes, column: str, value: str, path: str) -> bytes | None:
    """A file of whatever table without the rows that hold the value; null when none is left.

    The bytes are what `to_bytes` would give for the rows that stay. Without such a column, or such rows, they are as
    they were.
    """
    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        if column not in file.schema_arrow.names:
            return content
        stays = pc.fill_null(pc.not_equal(file.read([column])[column], value), True)
        if pc.all(stays).as_py() in (True, None):
            return content
        rows = file.read().filter(stays)
    except (pa.ArrowInvalid, OSError):
        raise LakeError(f"{path} is not a readable Parquet file: move it out of the lake, and run again.") from None
    columns = [file.metadata.row_group(0).column(n) for n in range(len(file.schema_arrow.names))]
    return _written(rows, [one.path_in_schema for one in columns if one.has_dictionary_page]) if len(rows) else None


def open_file(content: bytes, table: Table, path: str) -> pq.ParquetFile:
    """The file, ready to be read; one that is broken or of another schema is a `LakeError` that names it."""
    try:
        # Not pq.read_table on a Python file object: its reader threads abort the interpreter at exit (pyarrow 26).
        file = pq.ParquetFile(pa.BufferReader(content))
    except (pa.ArrowInvalid, OSError):
        raise _broken(table, path) from None
    _check(file.schema_arrow, table, path)
    return file


def check_file(file: Path, table: Table, path: str) -> None:
    """A `LakeError` that names the mend if the local file is broken or of another schema; reads its footer only."""
    try:
        schema = pq.read_schema(file, memory_map=True)
    except (pa.ArrowInvalid, OSError):
        raise _broken(table, path) from None
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
        raise _broken(table, path) from None


def _written(rows: pa.Table, repeating: Sequence[str]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(
        rows.combine_chunks(), sink, compression="zstd", compression_level=1, use_dictionary=list(repeating) or False
    )
    return sink.getvalue()


def _broken(table: Table, path: str) -> LakeError:
    return LakeError(f"{path} is not a readable Parquet file: {table.if_broken}.")


def _check(found: pa.Schema, table: Table, path: str) -> None:
    if not found.equals(table.schema):
        raise LakeError(
            f"{path} has another schema than this version writes: point RUTTER_LAKE at a lake of this version, or"
            f" {table.if_broken}."
        )

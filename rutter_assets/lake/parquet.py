"""Arrow tables ↔ Parquet bytes: the same content gives the same bytes."""

import io

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
        raise LakeError(f"{path} is not a readable Parquet file: move it away and sync its day again.") from None
    if not file.schema_arrow.equals(table.schema):
        raise LakeError(
            f"{path} has another schema than this version writes: point RUTTER_LAKE at a lake of this version,"
            " or move the file away and sync its day again."
        )
    return file


def from_bytes(content: bytes, table: Table, path: str) -> pa.Table:
    """All rows of a file; a broken or foreign one is a `LakeError` that names it."""
    file = open_file(content, table, path)
    try:
        return file.read()
    except (pa.ArrowInvalid, OSError):
        raise LakeError(f"{path} is not a readable Parquet file: move it away and sync its day again.") from None

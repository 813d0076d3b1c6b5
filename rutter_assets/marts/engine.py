"""An in-memory DuckDB for one computation, and the lake's files as relations in it. No SQL is put together here."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from importlib.resources import files
from typing import Final

import duckdb
import pyarrow as pa

from rutter_assets.errors import LakeError
from rutter_assets.lake import layout, parquet
from rutter_assets.lake.lake import Lake
from rutter_assets.lake.local import DISK_IS_FULL, LocalStorage, scratch
from rutter_assets.lake.tables import Table
from rutter_assets.marts.tables import DATE

_DISKS: Final = "RUTTER_LAKE, or the system's temporary folder,"
_FILES_AT_ONCE: Final = 64
"""Files of an object store that are in memory together on their way into the engine."""


_OF_A_FILE: Final = (duckdb.IOException, duckdb.InvalidInputException)
"""What DuckDB raises of a file that is broken; where the file is replaced as it is opened, an error without a kind."""


@contextmanager
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection of its own, in UTC, that spills what memory does not hold into a folder that goes with it.

    If the process is killed, the folder goes with the next one's. A file that cannot be read, and a full disk, is a
    `LakeError`.
    """
    with scratch().folder() as spill:
        connection = duckdb.connect(
            config={
                "temp_directory": str(spill),
                "memory_limit": "60%",  # several runs share a machine
                "preserve_insertion_order": False,  # every final select orders its rows itself
                "python_enable_replacements": False,
                "autoinstall_known_extensions": False,
            }
        )
        try:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute("SET enable_progress_bar = false")  # it would draw over ours; refused as a config above
            yield connection
        except duckdb.Error as error:
            if any(os.strerror(number) in str(error) for number in DISK_IS_FULL):
                raise LakeError(
                    f"{_DISKS} could not be written ({error}): free space on its disk, and run again."
                ) from None
            if not (isinstance(error, _OF_A_FILE) or type(error) is duckdb.Error):
                raise
            raise LakeError(
                f"A file of the lake could not be read: {error}. If it changed meanwhile, run again;"
                " if it is broken, move it away and sync its day, or compute its mart, again."
            ) from error
        finally:
            connection.close()


def sql(name: str) -> str:
    """The text of one of the package's SQL files."""
    return files("rutter_assets.marts").joinpath(f"{name}.sql").read_text(encoding="utf-8")


def bind(
    connection: duckdb.DuckDBPyConnection, lake: Lake, table: Table, paths: Sequence[str], columns: Sequence[str]
) -> None:
    """Make the files at `paths`, all of `table`, the relation of its name: `columns`, and `date` from the path
    where the table itself has none.

    A local lake's files are read when a query asks for them; an object store's are read now.
    """
    if paths and isinstance(lake.storage, LocalStorage):
        names = [_literally(lake.storage.uri(path)) for path in paths]
        found = connection.read_parquet(names, hive_partitioning=True)
        names = [*columns, *([] if DATE.name in columns else [DATE.name])]
        found.select(*map(duckdb.ColumnExpression, names)).create_view(table.name)
        return
    fields = [table.schema.field(name) for name in columns]
    schema = pa.schema(fields if DATE.name in columns else [*fields, pa.field(DATE.name, DATE.type)])
    connection.from_arrow(schema.empty_table()).create(table.name)
    with ThreadPoolExecutor(max_workers=16) as pool:
        for start in range(0, len(paths), _FILES_AT_ONCE):
            chunk = paths[start : start + _FILES_AT_ONCE]
            found_rows = pool.map(lambda path: _dated(lake, table, path, columns), chunk)
            connection.from_arrow(pa.concat_tables(found_rows).cast(schema)).insert_into(table.name)


def dates(days: Iterable[date]) -> pa.Table:
    """The days as a table with the one column `date`, to be met with others."""
    return pa.table({DATE.name: pa.array(sorted(days), DATE.type)})


def define(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Make the select of an SQL file the view of its name."""
    connection.sql(sql(name)).create_view(name)


def _dated(lake: Lake, table: Table, path: str, columns: Sequence[str]) -> pa.Table:
    content, day = lake.storage.read(path), layout.day_of(path)
    if content is None:
        raise LakeError(f"{path} was taken away while it was read: run again.")
    rows = parquet.open_file(content, table, path).read(columns=list(columns))
    if DATE.name in columns:
        return rows
    return rows.append_column(DATE.name, pa.repeat(pa.scalar(day, DATE.type), len(rows)))


def _literally(path: str) -> str:
    """The path as a glob that matches it alone."""
    return re.sub(r"([*?\[])", r"[\1]", path)

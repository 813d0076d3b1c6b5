"""`rutter.duckdb`: every table of the lake in one file of its own, for who reads DuckDB rather than Parquet.

It is made anew beside the old one and put in its place by a rename. Who has the old one open goes on reading it; who
opens it next finds the new one. Open it read-only: nothing else ever writes to it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from rutter_assets.lake import layout
from rutter_assets.lake.lake import Lake
from rutter_assets.marts import engine
from rutter_assets.marts.catalogue import Entry, catalogue
from rutter_assets.marts.relations import relation

_NEW: Final = "warehouse"
"""The file in the making, as the engine names it."""


@dataclass(frozen=True)
class Warehouse:
    """A warehouse that was built: where it lies, its size, and the rows of each table, in the catalogue's order."""

    uri: str
    size_bytes: int
    rows: dict[str, int]


def build(lake: Lake) -> Warehouse:
    """Build the warehouse from the files as they are now and swap it in.

    A file that changes meanwhile is read as it was or as it is, whole; one that is taken away is a `LakeError`, and
    the old warehouse stays.
    """
    rows: dict[str, int] = {}
    sizes: list[int] = []

    def make(path: Path) -> None:
        with engine.engine() as connection:
            connection.execute("SET preserve_insertion_order = true")  # the files' order is the tables' order
            connection.execute(f"ATTACH {_text(str(path))} AS {_NEW}")
            for entry in catalogue():
                rows[entry.name] = _view(connection, entry) if entry.is_view else _table(connection, lake, entry)
                _comment(connection, entry)
            connection.execute("USE memory")
            connection.execute(f"DETACH {_NEW}")  # which leaves one file, without a log beside it
        sizes.append(path.stat().st_size)

    lake.storage.build(layout.WAREHOUSE, make)
    return Warehouse(lake.storage.uri(layout.WAREHOUSE), sizes[0], rows)


def _table(connection: duckdb.DuckDBPyConnection, lake: Lake, entry: Entry) -> int:
    """Make the table and fill it; how many rows it has."""
    connection.execute("USE memory")
    name = f"{_NEW}.{entry.name}"
    connection.from_arrow(entry.table.schema.empty_table()).create(name)
    for column in entry.table.columns:
        if not column.nullable:
            connection.execute(f"ALTER TABLE {name} ALTER {_name(column.name)} SET NOT NULL")
    relation(connection, lake, entry).insert_into(name)
    return len(connection.table(name))


def _view(connection: duckdb.DuckDBPyConnection, entry: Entry) -> int:
    """Make the view, which reads the tables beside it; how many rows it gives."""
    connection.execute(f"USE {_NEW}")
    engine.define(connection, entry.name)
    return len(connection.table(entry.name))


def _comment(connection: duckdb.DuckDBPyConnection, entry: Entry) -> None:
    """Say of the table and of each column what the declaration says.

    Put together here because a comment takes no parameter; all of it is the package's own text.
    """
    connection.execute(f"USE {_NEW}")
    kind = "VIEW" if entry.is_view else "TABLE"
    said = f"One row per {entry.table.one_row_per}."
    connection.execute(f"COMMENT ON {kind} {entry.name} IS {_text(f'{said} {entry.note}' if entry.note else said)}")
    for column in entry.table.columns:
        place = f"{entry.name}.{_name(column.name)}"
        connection.execute(f"COMMENT ON COLUMN {place} IS {_text(column.description)}")


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"

"""`rutter.duckdb`: every table of the lake in one file of its own, for who reads DuckDB rather than Parquet.

It is made anew beside the old one and put in its place by a rename. Who has the old one open goes on reading it; who
opens it next finds the new one. Open it read-only: nothing else ever writes to it.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import duckdb

from rutter_assets.errors import LakeError
from rutter_assets.lake import layout
from rutter_assets.lake.lake import Lake
from rutter_assets.lake.tables import CONNECTIONS, TRANSACTIONS
from rutter_assets.marts import completeness, engine
from rutter_assets.marts.catalogue import Entry, catalogue
from rutter_assets.marts.mart import MARTS, mart_files
from rutter_assets.marts.restatements import restatement_files
from rutter_assets.marts.tables import COMPLETENESS, PUBLISHED, RESTATEMENTS

_NEW: Final = "warehouse"
"""The file in the making, as the engine names it."""
_SNAPSHOT: Final = "newest_snapshot"


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
            _bind_all(connection, lake)
            connection.execute("SET preserve_insertion_order = true")  # the files' order is the tables' order
            connection.execute(f"ATTACH {_text(str(path))} AS {_NEW}")
            for entry in catalogue():
                rows[entry.name] = _view(connection, entry) if entry.is_view else _table(connection, entry)
                _comment(connection, entry)
            connection.execute("USE memory")
            connection.execute(f"DETACH {_NEW}")  # which leaves one file, without a log beside it
        sizes.append(path.stat().st_size)

    lake.storage.build(layout.WAREHOUSE, make)
    return Warehouse(lake.storage.uri(layout.WAREHOUSE), sizes[0], rows)


def _bind_all(connection: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    """Make the lake's files the relations that the tables are filled from."""
    engine.bind(connection, lake, TRANSACTIONS, lake.transaction_files(), TRANSACTIONS.schema.names)
    snapshots = list(lake.storage.paths("connections"))
    newest = lake.latest_connections()
    connection.from_arrow(CONNECTIONS.schema.empty_table() if newest is None else newest).create(_SNAPSHOT)
    last_of_day: dict[date | None, str] = {layout.day_of(path): path for path in snapshots}
    engine.bind(connection, lake, CONNECTIONS, list(last_of_day.values()), CONNECTIONS.schema.names)
    connection.from_arrow(completeness.read(lake)).create(COMPLETENESS.name)
    engine.bind(connection, lake, RESTATEMENTS, restatement_files(lake), RESTATEMENTS.schema.names)
    published = [path for name in MARTS if lake.storage.exists(path := layout.published(name))]
    engine.bind(connection, lake, PUBLISHED, published, PUBLISHED.schema.names)
    for mart in MARTS.values():
        try:
            engine.bind(connection, lake, mart.table, mart_files(lake, mart), mart.table.schema.names)
        except duckdb.BinderException:
            raise LakeError(
                f"The files of {mart.name} have other columns than this version writes: compute all its days again."
            ) from None


_SOURCES: Final = {"connections": _SNAPSHOT, "connections_daily": "connections"}
"""The relation that fills a table, where their names differ."""


def _table(connection: duckdb.DuckDBPyConnection, entry: Entry) -> int:
    """Make the table and fill it; how many rows it has."""
    connection.execute("USE memory")
    name = f"{_NEW}.{entry.name}"
    connection.from_arrow(entry.table.schema.empty_table()).create(name)
    for column in entry.table.columns:
        if not column.nullable:
            connection.execute(f"ALTER TABLE {name} ALTER {_name(column.name)} SET NOT NULL")
    columns = [duckdb.ColumnExpression(column.name) for column in entry.table.columns]
    connection.table(f"memory.{_SOURCES.get(entry.name, entry.name)}").select(*columns).insert_into(name)
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

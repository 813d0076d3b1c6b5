"""Every table of the catalogue as a relation of an engine, with the rows it has in `rutter.duckdb`, or some days'."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

import duckdb
import pyarrow as pa

from rutter_assets.errors import LakeError
from rutter_assets.lake import layout
from rutter_assets.lake.lake import Lake
from rutter_assets.lake.tables import CONNECTIONS, TRANSACTIONS, Table
from rutter_assets.marts import completeness, engine
from rutter_assets.marts.catalogue import Entry
from rutter_assets.marts.mart import MARTS, MOVEMENT_COLUMNS, mart_files
from rutter_assets.marts.restatements import restatement_files
from rutter_assets.marts.tables import COMPLETENESS, DATE, MOVEMENTS, PUBLISHED, RESTATEMENTS

Days = Collection[date] | None
"""The UTC days whose rows are meant; null: all. A table without the column `date` is given whole."""


def relation(
    connection: duckdb.DuckDBPyConnection, lake: Lake, entry: Entry, days: Days = None
) -> duckdb.DuckDBPyRelation:
    """The table's rows of these days, in the declared columns; in no order.

    The files of a local lake are read when the relation is, so their names are settled now and their content then.
    """
    _BINDINGS[entry.name](connection, lake, days)
    columns = [duckdb.ColumnExpression(column.name) for column in entry.table.columns]
    return connection.table(entry.name).select(*columns)


def rows(lake: Lake, entry: Entry, days: Days = None) -> pa.Table:
    """The table's rows of these days, with the declared schema and in the declared order, the oldest day first."""
    names = entry.table.schema.names
    order = dict.fromkeys([name for name in ("date", *entry.table.sorted_by) if name in names])
    with engine.engine() as connection:
        found = relation(connection, lake, entry, days).order(", ".join(order)).to_arrow_table()
    return found.cast(entry.table.schema)


def _transactions(connection: duckdb.DuckDBPyConnection, lake: Lake, days: Days) -> None:
    engine.bind(connection, lake, TRANSACTIONS, _of(lake.transaction_files(), days), TRANSACTIONS.schema.names)


def _movements(connection: duckdb.DuckDBPyConnection, lake: Lake, days: Days) -> None:
    engine.bind(connection, lake, TRANSACTIONS, _of(lake.transaction_files(), days), MOVEMENT_COLUMNS)
    engine.define(connection, MOVEMENTS.name)


def _connections(connection: duckdb.DuckDBPyConnection, lake: Lake, _: Days) -> None:
    newest = lake.latest_connections()
    connection.from_arrow(CONNECTIONS.schema.empty_table() if newest is None else newest).create(CONNECTIONS.name)


def _connections_daily(connection: duckdb.DuckDBPyConnection, lake: Lake, days: Days) -> None:
    last_of_day: dict[date | None, str] = {layout.day_of(path): path for path in lake.storage.paths("connections")}
    paths = _of(last_of_day.values(), days)
    engine.bind(connection, lake, replace(CONNECTIONS, name="connections_daily"), paths, CONNECTIONS.schema.names)


def _completeness(connection: duckdb.DuckDBPyConnection, lake: Lake, _: Days) -> None:
    connection.from_arrow(completeness.read(lake)).create(COMPLETENESS.name)


def _of_mart(name: str) -> Callable[[duckdb.DuckDBPyConnection, Lake, Days], None]:
    def bind(connection: duckdb.DuckDBPyConnection, lake: Lake, days: Days) -> None:
        table = MARTS[name].table
        try:
            engine.bind(connection, lake, table, mart_files(lake, MARTS[name], days), table.schema.names)
        except duckdb.BinderException:
            raise LakeError(
                f"The files of {name} have other columns than this version writes: compute all its days again."
            ) from None

    return bind


def _restatements(connection: duckdb.DuckDBPyConnection, lake: Lake, days: Days) -> None:
    _bind_own_dates(connection, lake, RESTATEMENTS, restatement_files(lake), days)


def _published(connection: duckdb.DuckDBPyConnection, lake: Lake, days: Days) -> None:
    paths = [path for name in MARTS if lake.storage.exists(path := layout.published(name))]
    _bind_own_dates(connection, lake, PUBLISHED, paths, days)


def _bind_own_dates(
    connection: duckdb.DuckDBPyConnection, lake: Lake, table: Table, paths: Sequence[str], days: Days
) -> None:
    """Bind a table whose `date` is a column of its files, and not in their paths."""
    files = replace(table, name=f"{table.name}_files")
    engine.bind(connection, lake, files, paths, table.schema.names)
    found = connection.table(files.name)
    if days is not None:
        connection.from_arrow(engine.dates(days)).create(f"days_of_{table.name}")
        found = found.join(connection.table(f"days_of_{table.name}"), DATE.name, "semi")
    found.create_view(table.name)


def _of(paths: Iterable[str], days: Days) -> list[str]:
    """Those of the files that are of these days; listed at once, since an object store is slow to ask for each."""
    return [path for path in paths if days is None or layout.day_of(path) in days]


_BINDINGS: Final = {
    TRANSACTIONS.name: _transactions,
    CONNECTIONS.name: _connections,
    "connections_daily": _connections_daily,
    COMPLETENESS.name: _completeness,
    MOVEMENTS.name: _movements,
    **{name: _of_mart(name) for name in MARTS},
    RESTATEMENTS.name: _restatements,
    PUBLISHED.name: _published,
}
"""What makes each table of the catalogue the relation of its name."""

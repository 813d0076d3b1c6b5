"""The erasure of a merchant: out of every table of the lake and of `rutter.duckdb`, with the proof, and for good.

First the lake is told not to take the connection in again (`lake.erased`), which also ends every run that has it in
memory. Then all files are gone through until nothing is found any more, so that what a run wrote in between is found,
too. It may be killed at any moment and run again.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import duckdb

from rutter_assets.errors import SettingError
from rutter_assets.lake import layout
from rutter_assets.lake.holdings import Holding, holdings, take_out
from rutter_assets.lake.lake import Lake
from rutter_assets.lake.local import LocalStorage, scratch
from rutter_assets.marts import engine, kept, warehouse
from rutter_assets.marts.mart import MARTS


@dataclass(frozen=True)
class Erasure:
    """The proof: what each table held before and after; of `rutter.duckdb` one entry for each of its tables."""

    before: list[Holding]
    after: list[Holding]

    @property
    def rows(self) -> int:
        """How many rows of the merchant there were, of all tables together."""
        return sum(one.rows_of_connection for one in self.before)


def examine(lake: Lake, connection_id: str) -> list[Holding]:
    """What the lake holds of the connection; one of which it never heard is a `SettingError`."""
    layout.segment(connection_id)
    found = _all_holdings(lake, connection_id)
    if connection_id not in lake.erased and not any(one.rows_of_connection for one in found):
        raise SettingError(
            f"--connection names {connection_id}, of which nothing is in the lake:"
            " take ids from `rutter-assets status`."
        )
    return found


def erase(lake: Lake, connection_id: str) -> Erasure:
    """Take the connection out of the lake, for good."""
    before = examine(lake, connection_id)
    lake.erased.add(connection_id)
    while _take_out(lake, connection_id):
        lake.erased.renew()  # who opened the lake before this round may have read what it took out
    return Erasure(before, _all_holdings(lake, connection_id))


def _take_out(lake: Lake, connection_id: str) -> bool:
    """One round through everything; whether anything was found."""
    is_found = take_out(lake, connection_id) > 0
    for mart in MARTS:
        with lake.storage.alone(f"mart-{mart}"):
            kept.discard(lake, mart)
    lake.storage.delete(layout.REPORT)  # it names merchants; who can make it anew, does
    if any(one.rows_of_connection for one in _published(lake, connection_id)):
        warehouse.build(lake)
        is_found = True
    return is_found


def _all_holdings(lake: Lake, connection_id: str) -> list[Holding]:
    return [*holdings(lake, connection_id), *_published(lake, connection_id)]


def _published(lake: Lake, connection_id: str) -> list[Holding]:
    """What the tables of the warehouse hold; nothing where there is none."""
    if not lake.storage.exists(layout.WAREHOUSE):
        return []
    if isinstance(lake.storage, LocalStorage):
        return _tables(Path(lake.storage.uri(layout.WAREHOUSE)), connection_id)
    with scratch().folder() as folder:
        fetched = folder / layout.WAREHOUSE
        fetched.write_bytes(lake.storage.read(layout.WAREHOUSE) or b"")
        return _tables(fetched, connection_id)


def _tables(file: Path, connection_id: str) -> list[Holding]:
    """Of each table and view; a file that cannot be read counts as one row, so that it is made anew."""
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    try:
        with duckdb.connect(file, read_only=True) as published:
            found = []
            for (name,) in published.sql(engine.sql("tables_of_connections")).fetchall():
                table = published.table(name)
                mine = table.filter(
                    duckdb.ColumnExpression("connection_id") == duckdb.ConstantExpression(connection_id)
                )
                found.append(Holding(f"{layout.WAREHOUSE}: {name}", 1, len(table), len(mine), sha256))
            return found
    except duckdb.Error:
        return [Holding(f"{layout.WAREHOUSE}, which cannot be read", 1, 1, 1, sha256)]

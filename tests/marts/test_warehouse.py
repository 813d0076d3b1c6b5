"""`rutter.duckdb`: the Parquet's figures, a comment on everything, and never a half."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from rutter_assets.errors import LakeError
from rutter_assets.lake import layout, parquet
from rutter_assets.lake.lake import Lake
from rutter_assets.lake.tables import CONNECTIONS
from rutter_assets.marts.catalogue import catalogue
from rutter_assets.marts.mart import MARTS, compute, read
from rutter_assets.marts.warehouse import build
from tests.conftest import NOW
from tests.marts.given import NOON, store, stored_movements, transaction

READER = """
import duckdb, sys
print("ready", flush=True)
seen = set()
while int(sys.argv[2]) not in seen:
    with duckdb.connect(sys.argv[1], read_only=True) as file:
        ((rows,),) = file.sql("select count(*) from transactions").fetchall()
        ((moved, money),) = file.sql("select count(*), sum(money) filter (class = 'sale') from movements").fetchall()
        ((volume,),) = file.sql("select sum(gross_volume) from fee_totals").fetchall()
        assert (moved, money) == (rows, volume), (rows, moved, money, volume)
        assert file.sql("from duckdb_columns() where not internal and comment is null").fetchall() == []
        seen.add(rows)
print(len(seen))
"""


@pytest.fixture
def filled(lake: Lake) -> Lake:
    """Two days of two merchants, their marts, and three snapshots."""
    rows = [
        transaction(fee="0.10"),
        transaction(connection_id="alder", type="refund", amount="-3.123456789"),
        transaction(connection_id="alder", amount=None, iso_currency_code=None, created_at=NOW),
    ]
    days = store(lake, *rows)
    for mart in MARTS.values():
        compute(lake, mart, days)
    for at, status in ((NOW.replace(day=2), "not_ready"), (NOW.replace(hour=9), "not_ready"), (NOW, "active")):
        snapshot = {"snapshot_at": at, "connection_id": "moss", "platform": "WOO_COMMERCE", "status": status}
        lake.write_connections(at, pa.Table.from_pylist([snapshot], CONNECTIONS.schema))
    return lake


def opened(lake: Lake) -> duckdb.DuckDBPyConnection:
    file = duckdb.connect(lake.storage.uri(layout.WAREHOUSE), read_only=True)
    file.execute("SET TimeZone = 'UTC'")
    return file


@contextmanager
def reading(lake: Lake, last: int) -> Iterator[list[subprocess.Popen[str]]]:
    """Two processes that open the warehouse again and again until it holds `last` transactions."""
    command = [sys.executable, "-c", READER, lake.storage.uri(layout.WAREHOUSE), str(last)]
    with ExitStack() as stack:
        readers = []
        for _ in range(2):
            reader = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            readers.append(stack.enter_context(reader))
            stack.callback(reader.kill)
        yield readers


def test_its_tables_are_the_files_rows(filled: Lake) -> None:
    build(filled)
    with opened(filled) as file:
        for name, mart in MARTS.items():
            assert file.table(name).to_arrow_table().to_pylist() == read(filled, mart).to_pylist()
        transactions = pa.concat_tables(filled.transactions()).to_pylist()
        assert file.sql("select * exclude (date) from transactions").to_arrow_table().to_pylist() == transactions
        movements = file.sql("from movements order by id").to_arrow_table().to_pylist()
        assert movements == sorted(stored_movements(filled), key=lambda row: str(row["id"]))


def test_of_the_snapshots_it_holds_the_newest_and_the_last_of_each_day(filled: Lake) -> None:
    build(filled)
    with opened(filled) as file:
        assert file.sql("select status from connections").fetchall() == [("not_ready",)]
        days = file.sql("select day(date), status from connections_daily order by date").fetchall()
    assert days == [(1, "active"), (2, "not_ready")]


def test_every_table_and_column_has_a_comment_and_the_declared_type(filled: Lake) -> None:
    build(filled)
    with opened(filled) as file:
        tables = dict(file.sql("select table_name, comment from duckdb_tables() where not internal").fetchall())
        tables |= dict(file.sql("select view_name, comment from duckdb_views() where not internal").fetchall())
        for entry in catalogue():
            assert tables.pop(entry.name).startswith(f"One row per {entry.table.one_row_per}.")
            columns = file.sql(
                "select column_name, comment from duckdb_columns() where table_name = $name order by column_index",
                params={"name": entry.name},
            ).fetchall()
            assert columns == [(column.name, column.description) for column in entry.table.columns]
            types = [str(type_) for type_ in file.table(entry.name).limit(0).to_arrow_table().schema.types]
            assert types == [str(column.type) for column in entry.table.columns], entry.name
        assert tables == {}


def test_movements_are_the_same_in_every_time_zone(lake: Lake) -> None:
    store(lake, transaction(created_at=NOON.replace(hour=0)), transaction(created_at=NOON.replace(hour=23)))
    build(lake)
    with opened(lake) as file:
        for zone in ("Pacific/Kiritimati", "America/Los_Angeles"):
            file.execute(f"SET TimeZone = '{zone}'")
            assert file.sql("select count(*) from movements").fetchall() == [(2,)]


def test_it_can_be_attached_under_any_name(filled: Lake) -> None:
    build(filled)
    with duckdb.connect() as elsewhere:
        elsewhere.execute(f"attach '{filled.storage.uri(layout.WAREHOUSE)}' as bi (read_only)")
        assert elsewhere.sql("select count(*) from bi.movements").fetchall() == [(3,)]


def test_an_empty_lake_has_an_empty_warehouse(lake: Lake) -> None:
    assert set(build(lake).rows.values()) == {0}


@pytest.mark.long
def test_readers_in_other_processes_never_fail_and_never_see_a_half(filled: Lake) -> None:
    build(filled)
    with reading(filled, last := 6) as readers, opened(filled) as held:
        assert [reader.stdout and reader.stdout.readline() for reader in readers] == ["ready\n"] * 2
        before = held.sql("select sum(money) from movements").fetchall()
        for path in filled.transaction_files([NOW.date()]):
            filled.storage.delete(path)
        for count in range(1, last + 1):
            days = store(filled, *(transaction() for _ in range(count)))
            for mart in MARTS.values():
                compute(filled, mart, [*days, NOW.date()])
            build(filled)
        assert held.sql("select sum(money) from movements").fetchall() == before
        for reader in readers:
            out, err = reader.communicate(timeout=60)
            assert reader.returncode == 0, err
            assert int(out) > 1


def test_a_build_that_fails_leaves_the_old_file_and_nothing_beside_it(filled: Lake) -> None:
    build(filled)
    path = layout.mart("fee_totals", NOW.date())
    before = filled.storage.read(layout.WAREHOUSE)
    filled.storage.write(path, b"broken")
    with pytest.raises(LakeError):
        build(filled)
    assert filled.storage.read(layout.WAREHOUSE) == before
    beside = Path(filled.storage.uri("_staging/beside"))
    assert [file for file in beside.rglob("*") if file.is_file()] == []


def test_files_of_another_version_are_named(filled: Lake) -> None:
    for path in list(filled.storage.paths("marts/fee_totals")):
        filled.storage.write(path, parquet.to_bytes(CONNECTIONS.schema.empty_table(), CONNECTIONS))
    with pytest.raises(LakeError, match="The files of fee_totals have other columns"):
        build(filled)

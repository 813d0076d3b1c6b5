"""Every table of the catalogue from the files: the declared columns, the files' rows, and no two of one grain."""

from datetime import date, timedelta

import pyarrow as pa
import pytest

from rutter_assets.lake.lake import Lake
from rutter_assets.lake.objects import ObjectStorage
from rutter_assets.lake.tables import CONNECTIONS
from rutter_assets.marts import completeness, engine
from rutter_assets.marts.catalogue import catalogue, entry_of
from rutter_assets.marts.mart import MARTS, compute, read
from rutter_assets.marts.relations import relation, rows
from tests.conftest import NOW
from tests.marts.given import DAY, NOON, store, stored_movements, transaction

NAMES = [entry.name for entry in catalogue()]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Three days of two merchants, their marts, three snapshots of two days, and a certificate."""
    lake = Lake.open(str(tmp_path_factory.mktemp("filled")), buckets=1, source="sandbox")
    sold = [transaction(created_at=NOON + timedelta(days=n), connection_id=shop) for n in range(3) for shop in "ab"]
    for refund in ("-1.00", "-2.00"):
        days = store(lake, *sold, transaction(type="refund", id="refund", amount=refund, connection_id="a"))
        for mart in MARTS.values():
            compute(lake, mart, days)
    for at, status in ((NOW.replace(day=2), "not_ready"), (NOW.replace(hour=9), "not_ready"), (NOW, "active")):
        snapshot = {"snapshot_at": at, "connection_id": "a", "platform": "WOO_COMMERCE", "status": status}
        lake.write_connections(at, pa.Table.from_pylist([snapshot], CONNECTIONS.schema))
    completeness.compute(lake, DAY, NOW)
    return lake


@pytest.mark.parametrize("name", NAMES)
def test_a_table_has_the_declared_schema_and_no_two_rows_of_one_grain(filled: Lake, name: str) -> None:
    table = entry_of(name).table
    found = rows(filled, entry_of(name))
    assert found.schema.equals(table.schema, check_metadata=True)
    assert len(found) == len(found.group_by(list(table.grain)).aggregate([])) > 0


@pytest.mark.parametrize("name", NAMES)
def test_a_table_without_files_has_its_columns(lake: Lake, name: str) -> None:
    found = rows(lake, entry_of(name))
    assert (found.num_rows, found.schema) == (0, entry_of(name).table.schema)


def test_the_rows_are_those_of_the_files_in_their_order(filled: Lake) -> None:
    for name, mart in MARTS.items():
        assert rows(filled, entry_of(name)).equals(read(filled, mart))
    transactions = rows(filled, entry_of("transactions"))
    assert transactions.drop_columns(["date"]).equals(pa.concat_tables(filled.transactions()))
    assert transactions["date"].to_pylist() == [at.date() for at in transactions["created_at"].to_pylist()]
    moved = sorted(stored_movements(filled), key=lambda row: (row["date"], row["connection_id"], row["id"]))
    assert rows(filled, entry_of("movements")).to_pylist() == moved
    assert rows(filled, entry_of("completeness")).equals(completeness.read(filled))


def test_of_the_snapshots_there_is_the_newest_and_the_last_of_each_day(filled: Lake) -> None:
    assert rows(filled, entry_of("connections"))["status"].to_pylist() == ["not_ready"]
    daily = rows(filled, entry_of("connections_daily")).select(["date", "status"]).to_pylist()
    assert daily == [
        {"date": date(2026, 11, 1), "status": "active"},
        {"date": date(2026, 11, 2), "status": "not_ready"},
    ]


@pytest.mark.parametrize("name", ["transactions", "movements", "published", *MARTS])
def test_some_days_are_those_days_alone(filled: Lake, name: str) -> None:
    wanted = {DAY, DAY + timedelta(days=2)}
    assert set(rows(filled, entry_of(name), wanted)["date"].to_pylist()) == wanted
    assert rows(filled, entry_of(name), {DAY - timedelta(days=1)}).num_rows == 0


def test_a_lake_in_an_object_store_gives_the_same(filled: Lake) -> None:
    elsewhere = Lake(ObjectStorage("memory:///"), buckets=1)
    for path in filled.storage.paths(""):
        elsewhere.storage.write(path, filled.storage.read(path) or b"")
    for entry in catalogue():
        for days in (None, {DAY}):
            assert rows(elsewhere, entry, days).equals(rows(filled, entry, days)), entry.name


def test_a_relation_settles_its_files_now_and_reads_them_when_it_is_asked(lake: Lake) -> None:
    days = store(lake, transaction(amount="1.00"))
    with engine.engine() as connection:
        found = relation(connection, lake, entry_of("transactions"))
        store(lake, transaction(amount="2.00"), transaction(created_at=NOON + timedelta(days=1)))
        assert found.aggregate("count(*), sum(amount)").fetchall() == [(1, 2)]
    assert days == [DAY]

"""The lake on a local disk: whole files, its own facts, staged windows and their commit."""

import multiprocessing
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from rutter_assets.errors import LakeError, SettingError
from rutter_assets.lake import layout
from rutter_assets.lake.lake import Lake
from rutter_assets.lake.ledger import StagedWindow
from rutter_assets.lake.local import LocalStorage
from tests.lake.rows import at, table, transaction

DAY = (at(0), at(0, day=2))


def stage(
    lake: Lake, rows: pa.Table, connection: str = "c1", read_at: int = 5, window: tuple[datetime, datetime] = DAY
) -> None:
    path = lake.stage_part(connection, rows)
    lake.record_staged(connection, "SHOPIFY", StagedWindow(*window, at(read_at), (path,), len(rows)))


def files(lake: Lake, folder: str = "") -> dict[str, bytes | None]:
    return {path: lake.storage.read(path) for path in lake.storage.paths(folder)}


def test_a_staged_window_becomes_day_files_and_coverage(lake: Lake) -> None:
    stage(lake, table(transaction("t1"), transaction("t2", created_at=at(1, day=3))), window=(at(0), at(0, day=4)))
    commits, _ = lake.commit(["c1"])
    assert [(commit.day.day, commit.is_changed) for commit in commits] == [(1, True), (3, True)]
    assert lake.transaction_files() == [
        "transactions/date=2026-11-01/bucket-00.parquet",
        "transactions/date=2026-11-03/bucket-00.parquet",
    ]
    ledger = lake.ledger("c1")
    assert ledger is not None
    assert [(piece.start, piece.end) for piece in ledger.covered] == [(at(0), at(0, day=4))]
    assert ledger.staged == ()


def test_nothing_staged_or_empty_is_left_after_a_commit(lake: Lake, tmp_path: Path) -> None:
    stage(lake, table(transaction()))
    lake.commit(["c1"])
    assert list(lake.storage.paths("_staging/windows")) == []
    assert list(lake.storage.paths("_staging/beside")) == []
    assert not (tmp_path / "lake" / layout.STAGING).exists()


def test_a_window_committed_twice_changes_no_byte(lake: Lake) -> None:
    stage(lake, table(transaction()))
    lake.commit(["c1"])
    before = files(lake, "transactions")
    stage(lake, table(transaction(loaded_at=at(6))), read_at=6)
    assert [commit.is_changed for commit in lake.commit(["c1"])[0]] == [False]
    assert files(lake, "transactions") == before


def test_a_staged_window_whose_file_is_lost_covers_nothing_and_removes_nothing(lake: Lake) -> None:
    stage(lake, table(transaction()))
    lake.commit(["c1"])
    stage(lake, table(), read_at=7)
    for path in lake.storage.paths("_staging/windows"):
        lake.storage.delete(path)
    assert lake.commit(["c1"]) == ([], [])
    assert len(lake.transaction_files()) == 1
    ledger = lake.ledger("c1")
    assert ledger is not None
    assert [piece.read_at for piece in ledger.covered] == [at(5)]


def test_days_that_nobody_was_told_of_are_given_again_after_a_crash(tmp_path: Path) -> None:
    """A process commits and is gone before it reports; one that reports and acknowledges leaves nothing to tell."""
    script = (
        "import sys, os; from rutter_assets.lake.lake import Lake; from tests.lake import rows;"
        "from tests.lake.test_lake import stage; lake = Lake.open(sys.argv[1], buckets=1, source='sandbox');"
        "stage(lake, rows.table(rows.transaction())); done = lake.commit(['c1']);"
        "lake.acknowledge(done[1] if sys.argv[2] == 'told' else []); os._exit(9)"
    )
    for told, expected in (("untold", [(1, True)]), ("told", [])):
        folder = str(tmp_path / told)
        assert subprocess.run([sys.executable, "-c", script, folder, told], check=False).returncode == 9
        lake = Lake.open(folder, buckets=1, source="sandbox")
        commits, notices = lake.commit(["c1"])
        assert [(commit.day.day, commit.is_changed) for commit in commits] == expected
        lake.acknowledge(notices)
        assert lake.commit(["c1"]) == ([], [])
        assert list(lake.storage.paths(layout.NOTICES)) == []


def test_a_day_whose_last_row_vanished_has_no_file(lake: Lake) -> None:
    stage(lake, table(transaction()))
    lake.commit(["c1"])
    stage(lake, table(), read_at=7)
    assert [commit.is_changed for commit in lake.commit(["c1"])[0]] == [True]
    assert lake.transaction_files() == []


def test_connections_are_spread_over_the_buckets_the_lake_was_made_with(tmp_path: Path) -> None:
    lake = Lake.open(str(tmp_path), buckets=4, source="api")
    for number in range(20):
        stage(lake, table(transaction(connection=f"c{number}")), f"c{number}")
    lake.commit([f"c{number}" for number in range(20)])
    assert len(lake.transaction_files([date(2026, 11, 1)])) == 4
    assert lake.summary_of(date(2026, 11, 1)).connections == 20
    with pytest.raises(SettingError, match=r"RUTTER_BUCKETS is 1.*made with 4"):
        Lake.open(str(tmp_path), buckets=1, source="api")


def test_real_and_invented_money_never_share_a_lake(tmp_path: Path) -> None:
    Lake.open(str(tmp_path), buckets=1, source="sandbox")
    with pytest.raises(SettingError, match="RUTTER_LAKE holds data of the sandbox"):
        Lake.open(str(tmp_path), buckets=1, source="api")


def test_a_file_of_another_schema_is_named_with_the_mend(lake: Lake) -> None:
    stage(lake, table(transaction()))
    path = layout.transactions(date(2026, 11, 1), 0)
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"id": ["t1"]}), sink)
    lake.storage.write(path, sink.getvalue().to_pybytes())
    with pytest.raises(LakeError, match=f"{path} has another schema"):
        lake.commit(["c1"])
    lake.storage.write(path, b"PAR1 but not really")
    with pytest.raises(LakeError, match=f"{path} is not a readable Parquet file"):
        lake.commit(["c1"])


@pytest.mark.parametrize("hostile", ["../c", "/etc/c", "a/b", "", ".", "..", "c\n", "c\0", "a" * 200])
def test_an_id_that_could_lead_elsewhere_never_becomes_a_path(lake: Lake, hostile: str) -> None:
    with pytest.raises(LakeError, match="not an id that can name a file"):
        lake.ledger(hostile)


def test_a_folder_that_cannot_be_written_is_a_setting_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingError, match=r"RUTTER_LAKE is .* nothing can be written"):
        Lake.open(str(tmp_path / "file"), buckets=1, source="api")


def test_a_scheme_that_is_no_object_store_is_a_setting_error() -> None:
    with pytest.raises(SettingError, match="RUTTER_LAKE names the scheme ftp"):
        Lake.open("ftp://host/lake", buckets=1, source="api")


def test_changes_by_many_processes_are_none_lost(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_count, args=(tmp_path,)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert LocalStorage(tmp_path).read("counter") == b"100"


def test_the_newest_snapshot_of_the_connections_is_found(lake: Lake) -> None:
    from rutter_assets.lake.tables import CONNECTIONS

    for hour in (9, 11):
        row = dict.fromkeys(CONNECTIONS.schema.names) | {"snapshot_at": at(hour), "connection_id": "c", "platform": "P"}
        lake.write_connections(at(hour), pa.Table.from_pylist([row], CONNECTIONS.schema))
    latest = lake.latest_connections()
    assert latest is not None
    assert latest["snapshot_at"].to_pylist() == [datetime(2026, 11, 1, 11, tzinfo=UTC)]


def test_a_reader_that_leaves_right_after_reading_ends_cleanly(lake: Lake, tmp_path: Path) -> None:
    stage(lake, table(*(transaction(f"t{n}", created_at=at(1) + timedelta(seconds=n)) for n in range(3000))))
    lake.commit(["c1"])
    script = (
        "from rutter_assets.lake.lake import Lake; "
        f"print(sum(map(len, Lake.open({str(tmp_path / 'lake')!r}, buckets=1, source='sandbox').transactions())))"
    )
    for _ in range(5):
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "3000\n", "")


def _count(folder: Path) -> None:
    storage = LocalStorage(folder)
    for _ in range(25):
        storage.change("counter", lambda old: str(int(old or b"0") + 1).encode())

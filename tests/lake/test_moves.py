"""One id, one day: a row that moves to another day is in that one alone, in whatever order it is read and merged."""

import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from rutter_assets.lake import layout, moves
from rutter_assets.lake.lake import Lake
from rutter_assets.lake.ledger import StagedWindow
from tests.lake.rows import at, table, transaction


def by_day(lake: Lake, day: int, read_at: datetime, *rows: dict[str, Any], connection: str = "c1") -> None:
    """Stage what a read of a day found."""
    paths = (lake.stage_part(connection, table(*rows)),) if rows else ()
    window = StagedWindow(at(0, day=day), at(0, day=day + 1), read_at, paths, len(rows))
    lake.record_staged(connection, "SHOPIFY", window)


def by_update(lake: Lake, read_at: datetime, *rows: dict[str, Any], connection: str = "c1") -> None:
    """Stage what a read of changes found."""
    path = lake.stage_part(connection, table(*rows))
    days = (min(row["created_at"] for row in rows).date(), max(row["created_at"] for row in rows).date())
    window = StagedWindow(
        at(0), at(0, day=29), read_at, (path,), len(rows), by="updated_at", watermark=read_at, days=days
    )
    lake.record_staged(connection, "SHOPIFY", window)


def placed(lake: Lake) -> list[tuple[str, str, int]]:
    """(connection_id, id, day of November) of every stored row."""
    rows = [(path, row) for path in lake.transaction_files() for row in _rows(lake, path)]
    return sorted((row["connection_id"], row["id"], int(path.split("/")[1][-2:])) for path, row in rows)


def _rows(lake: Lake, path: str) -> list[dict[str, Any]]:
    day = layout.day_of(path)
    assert day is not None
    return [row for rows in lake.transactions([day]) for row in rows.to_pylist()]


def moved(day: int, hour: int = 9, **fields: Any) -> dict[str, Any]:
    """The transaction `t1` once its creation is of another day, as it was read at that hour of the first."""
    return transaction(created_at=at(1, day=day), updated_at=at(hour), loaded_at=at(hour)) | fields


def test_a_row_that_moves_leaves_its_old_day_and_both_days_are_reported(lake: Lake) -> None:
    by_day(lake, 1, at(5), transaction(), transaction("t2"))
    lake.commit(["c1"])
    by_update(lake, at(9), moved(day=3))
    commits, _ = lake.commit(["c1"])
    assert placed(lake) == [("c1", "t1", 3), ("c1", "t2", 1)]
    assert [(one.day.day, one.is_changed) for one in commits] == [(1, True), (3, True)]


def test_a_day_that_loses_its_last_row_has_no_file(lake: Lake) -> None:
    by_day(lake, 1, at(5), transaction())
    lake.commit(["c1"])
    by_update(lake, at(9), moved(day=3))
    lake.commit(["c1"])
    assert [path.split("/")[1] for path in lake.transaction_files()] == ["date=2026-11-03"]


def test_a_stale_read_of_the_old_day_does_not_bring_the_row_back(lake: Lake) -> None:
    by_update(lake, at(9), moved(day=3))
    lake.commit(["c1"])
    by_day(lake, 1, at(5), transaction(loaded_at=at(5)))
    lake.commit(["c1"])
    assert placed(lake) == [("c1", "t1", 3)]


def test_at_equal_updates_the_place_that_was_read_later_stays(lake: Lake) -> None:
    by_day(lake, 3, at(9), moved(day=3, updated_at=at(2)))
    lake.commit(["c1"])
    by_day(lake, 1, at(5), transaction(loaded_at=at(5)))
    lake.commit(["c1"])
    assert placed(lake) == [("c1", "t1", 3)]
    by_day(lake, 1, at(11), transaction(loaded_at=at(11)))
    lake.commit(["c1"])
    assert placed(lake) == [("c1", "t1", 1)]


def test_the_same_id_of_another_connection_stays_where_it_is(lake: Lake) -> None:
    by_day(lake, 1, at(5), transaction(connection="c2"), connection="c2")
    by_update(lake, at(9), moved(day=3))
    lake.commit(["c1", "c2"])
    assert placed(lake) == [("c1", "t1", 3), ("c2", "t1", 1)]


def test_a_move_within_one_batch_is_settled_too(lake: Lake) -> None:
    """The row moved while its days were read one after the other."""
    by_day(lake, 1, at(5), transaction(loaded_at=at(5)))
    by_day(lake, 3, at(6), moved(day=3, hour=6))
    lake.commit(["c1"])
    assert placed(lake) == [("c1", "t1", 3)]


def test_a_kill_before_the_old_day_is_rewritten_is_healed_and_told(lake: Lake) -> None:
    by_day(lake, 1, at(5), transaction())
    lake.commit(["c1"])
    by_update(lake, at(9), moved(day=3))
    before = {path: lake.storage.read(path) for path in lake.storage.paths("")}
    lake.commit(["c1"])
    for path, content in before.items():  # the new day is written, and nothing of what comes after it
        lake.storage.write(path, content or b"")
    assert len(placed(lake)) == 2
    commits, _ = lake.commit(["c1"])
    assert placed(lake) == [("c1", "t1", 3)]
    assert [(one.day.day, one.is_changed) for one in commits] == [(1, True), (3, False)]


def test_the_day_that_lost_the_row_is_told_again_if_nobody_heard_of_it(tmp_path: Path) -> None:
    script = (
        "import sys, os; from rutter_assets.lake.lake import Lake; from tests.lake.rows import at, transaction;"
        "from tests.lake.test_moves import by_day, by_update, moved;"
        "lake = Lake.open(sys.argv[1], buckets=1, source='sandbox'); by_day(lake, 1, at(5), transaction());"
        "lake.acknowledge(lake.commit(['c1'])[1]); by_day(lake, 1, at(6), transaction(), transaction('t2'));"
        "lake.acknowledge(lake.commit(['c1'])[1]); by_update(lake, at(9), moved(day=3)); lake.commit(['c1']);"
        "os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False).returncode == 9
    commits, _ = Lake.open(str(tmp_path), buckets=1, source="sandbox").commit(["c1"])
    assert [(one.day.day, one.is_changed) for one in commits] == [(1, True), (3, True)]


IDS = ["t1", "t2", "a longer id", "b longer id"]
HISTORIES = st.dictionaries(st.sampled_from(IDS), st.lists(st.integers(1, 3), min_size=1, max_size=4), min_size=1)
"""For each transaction the day it is of, hour by hour from 02:00 on; a change of it each hour."""
READS = st.lists(st.tuples(st.integers(2, 8), st.integers(0, 3)), min_size=1, max_size=5)
"""Reads at an hour: by update (0), or of a day."""


@settings(max_examples=25, deadline=None)
@given(histories=HISTORIES, reads=READS, data=st.data())
def test_whatever_the_order_each_id_is_in_one_day_and_it_is_the_newest_read(
    histories: dict[str, list[int]], reads: list[tuple[int, int]], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(reads))
    commits_after = data.draw(st.lists(st.booleans(), min_size=len(order), max_size=len(order)))
    with TemporaryDirectory() as folder:
        lake = Lake.open(folder, buckets=1, source="sandbox")
        newest: dict[str, tuple[int, int]] = {}
        for read, is_commit in zip(order, [*commits_after[:-1], True], strict=True):
            for id_, hour, day in _stage(lake, histories, *read):
                newest[id_] = max(newest.get(id_, (0, 0)), (hour, day))
            if is_commit:
                lake.commit(["c1"])
                ids = [id_ for _, id_, _ in placed(lake)]
                assert len(ids) == len(set(ids))
        found = {id_: day for _, id_, day in placed(lake)}
        assert all(newest[id_][1] == day for id_, day in found.items())


def _stage(lake: Lake, histories: dict[str, list[int]], hour: int, of_day: int) -> list[tuple[str, int, int]]:
    """Stage what a read at that hour finds; (id, hour of its change, day) of each row."""
    found = []
    for id_, days in histories.items():
        changes = [(2 + number, day) for number, day in enumerate(days) if 2 + number <= hour]
        if changes and of_day in (0, changes[-1][1]):
            found.append((id_, *changes[-1]))
    read_at = at(hour) + timedelta(minutes=30)
    rows = [transaction(i, created_at=at(1, day=d), updated_at=at(h), loaded_at=read_at) for i, h, d in found]
    if of_day:
        by_day(lake, of_day, read_at, *rows)
    elif rows:
        by_update(lake, read_at, *rows)
    return found


def test_equal_keys_have_equal_fingerprints_and_others_do_not() -> None:
    texts: Sequence[str] = ["", "a", "b", "ab", "ba", "aaaa", "aaaab", "ä", "transaction-0001", "transaction-0010"]
    pairs = [(one, other) for one in texts for other in texts]
    rows = pa.table({"connection_id": [one for one, _ in pairs], "id": [other for _, other in pairs]})
    found = moves.fingerprints(rows).tolist()
    assert len(set(found)) == len(pairs)
    assert moves.fingerprints(rows.take(list(reversed(range(len(pairs)))))).tolist() == found[::-1]
    assert moves.fingerprints(rows.slice(7, 5)).tolist() == found[7:12]

"""Who wins when the lake and a read, or two reads, differ."""

from datetime import timedelta
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from rutter_assets.lake import parquet
from rutter_assets.lake.merge import Read, merge
from rutter_assets.lake.tables import TRANSACTIONS
from tests.lake.rows import at, table, transaction


def by_day(rows: pa.Table, read_at: int, connection: str = "c1") -> Read:
    return Read(connection, at(read_at), rows, at(0), at(0, day=2))


def by_update(rows: pa.Table, read_at: int, connection: str = "c1") -> Read:
    return Read(connection, at(read_at), rows)


def content(rows: pa.Table, *columns: str) -> list[tuple[Any, ...]]:
    return sorted(tuple(row[name] for name in columns) for row in rows.to_pylist())


def test_a_newer_update_replaces_the_stored_row() -> None:
    newer = table(transaction(amount="2", updated_at=at(3), loaded_at=at(4)))
    assert content(merge(table(transaction()), [by_update(newer, 4)]), "id", "amount") == [("t1", 2)]


def test_an_older_update_never_replaces_a_newer_one() -> None:
    stored = table(transaction(amount="2", updated_at=at(3)))
    older = table(transaction(amount="1", updated_at=at(2), loaded_at=at(9)))
    assert content(merge(stored, [by_day(older, 9)]), "amount") == [(2,)]


def test_at_a_tie_the_later_read_wins() -> None:
    settled = table(transaction(amount="2", loaded_at=at(5)))
    assert content(merge(table(transaction()), [by_day(settled, 5)]), "amount") == [(2,)]


def test_an_unchanged_row_keeps_its_loaded_at() -> None:
    again = table(transaction(loaded_at=at(5)))
    assert merge(table(transaction()), [by_day(again, 5)]).equals(table(transaction()))


def test_a_row_that_vanished_from_a_read_by_day_is_gone() -> None:
    stored = table(transaction("t1"), transaction("t2"))
    left = merge(stored, [by_day(table(transaction("t1", loaded_at=at(5))), 5)])
    assert content(left, "id") == [("t1",)]


def test_a_row_loaded_after_a_read_by_day_began_is_kept() -> None:
    stored = table(transaction("t1", loaded_at=at(6)))
    assert len(merge(stored, [by_day(table(), 5)])) == 1


def test_a_read_by_day_leaves_other_connections_and_other_times_alone() -> None:
    stored = table(transaction(connection="c2"), transaction("early", created_at=at(0)))
    read = Read("c1", at(5), table(), at(1), at(2))
    assert content(merge(stored, [read]), "connection_id", "id") == [("c1", "early"), ("c2", "t1")]


def test_a_read_by_update_removes_nothing() -> None:
    assert len(merge(table(transaction()), [by_update(table(), 5)])) == 1


def test_one_id_in_two_connections_is_two_transactions() -> None:
    both = [by_day(table(transaction(connection=c, amount=a)), 3, c) for c, a in (("c1", "1"), ("c2", "2"))]
    assert content(merge(None, both), "connection_id", "amount") == [("c1", 1), ("c2", 2)]


def test_a_row_repeated_across_pages_is_stored_once() -> None:
    assert len(merge(None, [by_day(table(transaction(), transaction()), 3)])) == 1


VERSIONS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["c1", "c2"]), st.integers(0, 4)), max_size=8)


@settings(max_examples=60)
@given(reads=st.lists(VERSIONS, min_size=1, max_size=5), data=st.data())
def test_any_order_and_any_repeats_of_update_reads_end_in_the_same_bytes(
    reads: list[list[tuple[str, str, int]]], data: st.DataObject
) -> None:
    made = [
        [by_update(table(*(_version(*item) for item in read if item[1] == c)), 5, c) for c in ("c1", "c2")]
        for read in reads
    ]
    order = data.draw(st.permutations(range(len(made))))
    repeats = data.draw(st.lists(st.sampled_from(range(len(made))), max_size=3))
    assert _applied(made, range(len(made))) == _applied(made, [*order, *repeats])


def _version(id_: str, connection: str, version: int) -> dict[str, Any]:
    """A content that its `updated_at` determines, as the API's contract has it; read when it was made."""
    when = at(2) + timedelta(minutes=version)
    return transaction(id_, connection, amount=str(version), updated_at=when, loaded_at=when)


def _applied(reads: list[list[Read]], order: Any) -> bytes:
    stored: pa.Table | None = None
    for number in order:
        stored = merge(stored, reads[number])
    assert stored is not None
    return parquet.to_bytes(stored, TRANSACTIONS)

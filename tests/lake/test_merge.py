"""Who wins when the lake and a read, or two reads, differ."""

from collections.abc import Sequence
from datetime import datetime, timedelta
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


INSTANTS = st.integers(0, 9)
"""When a row appears, changes or is read; ten instants of one morning."""

HISTORIES = st.dictionaries(
    st.tuples(st.sampled_from(["c1", "c2"]), st.sampled_from("abcd")),
    st.lists(INSTANTS, min_size=1, max_size=4, unique=True).map(sorted),
    max_size=6,
)
"""For each transaction the instants at which it got a new content; it appears at the first of them."""

READS = st.lists(st.tuples(st.sampled_from(["c1", "c2"]), INSTANTS, st.booleans()), min_size=1, max_size=6)
"""Reads of a connection at an instant, by day or by update."""


@settings(max_examples=100, deadline=None)
@given(histories=HISTORIES, reads=READS, data=st.data())
def test_any_order_and_any_repeats_of_reads_end_in_the_same_bytes(
    histories: dict[tuple[str, str], list[int]], reads: list[tuple[str, int, bool]], data: st.DataObject
) -> None:
    made = [_read(histories, *read) for read in reads]
    shuffled = data.draw(st.permutations(made)) + data.draw(st.lists(st.sampled_from(made), max_size=3))
    assert _applied(made) == _applied(shuffled)


@settings(max_examples=100, deadline=None)
@given(histories=HISTORIES, earlier=READS)
def test_after_a_last_read_by_day_the_lake_is_what_the_api_has(
    histories: dict[tuple[str, str], list[int]], earlier: list[tuple[str, int, bool]]
) -> None:
    last = [_read(histories, connection, 9, True) for connection in ("c1", "c2")]
    stored = merge(None, [_read(histories, *read) for read in earlier])
    found = merge(stored, last)
    expected = [(connection, id_, changes[-1]) for (connection, id_), changes in histories.items()]
    assert content(found, "connection_id", "id", "amount") == sorted(expected)


def _read(histories: dict[tuple[str, str], list[int]], connection: str, instant: int, is_by_day: bool) -> Read:
    """What the API answers about the connection at the instant, each content with the `updated_at` of its making."""
    rows = []
    for (owner, id_), changes in histories.items():
        seen = [change for change in changes if change <= instant]
        if owner == connection and seen:
            made_at, read_at = _minute(seen[-1]), _minute(instant, seconds=30)
            rows.append(transaction(id_, owner, str(seen[-1]), updated_at=made_at, loaded_at=read_at))
    bounds = (at(0), at(0, day=2)) if is_by_day else (None, None)
    return Read(connection, _minute(instant, seconds=30), table(*rows), *bounds)


def _minute(number: int, seconds: int = 0) -> datetime:
    return at(3) + timedelta(minutes=number, seconds=seconds)


def _applied(reads: Sequence[Read]) -> bytes:
    stored: pa.Table | None = None
    for read in reads:
        stored = merge(stored, [read])
    assert stored is not None
    return parquet.to_bytes(stored, TRANSACTIONS)

"""Splitting: a dense window is read in parallel pieces, and only a proven order lets a walk stop in the middle."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rutter_assets.ingest import plan
from rutter_assets.ingest.density import Density
from rutter_assets.lake.tables import INSTANT
from rutter_assets.rutter.window import Window

START = datetime(2026, 1, 1, tzinfo=UTC)
YEAR = Window(START, START + timedelta(days=365))


def page(first_minute: int, rows: int = 500, *, updated: str = "later for every third") -> pa.Table:
    created = [START + timedelta(minutes=first_minute + n) for n in range(rows)]
    is_late = [updated != "as created" and n % 3 == 1 for n in range(rows)]
    moved = [instant + timedelta(days=400 * late) for instant, late in zip(created, is_late, strict=True)]
    return pa.table({"created_at": pa.array(created, INSTANT), "updated_at": pa.array(moved, INSTANT)})


def test_a_dense_first_page_splits_the_rest_where_the_order_is_proven() -> None:
    density = Density(YEAR)
    density.add(page(0))
    pieces = density.split()
    assert pieces is not None
    assert pieces[0].start == START + timedelta(minutes=499)
    assert pieces[-1].end == YEAR.end
    assert len(pieces) == 8


def test_without_proof_of_the_order_the_whole_window_is_split_after_its_first_page_only() -> None:
    density = Density(YEAR)
    density.add(page(0, updated="as created"))
    pieces = density.split()
    assert pieces is not None
    assert pieces[0].start == YEAR.start
    later = Density(YEAR)
    later.add(page(0, rows=2, updated="as created"))
    later.split()
    for number in range(100):
        later.add(page(2 + number * 500, updated="as created"))
        assert later.split() is None


def test_rows_out_of_order_prove_that_the_walk_may_not_stop() -> None:
    density = Density(YEAR)
    density.add(page(1000, rows=1))
    density.split()
    density.add(page(0))
    assert not density.is_order_proven


def test_no_more_rows_are_expected_than_the_api_counts() -> None:
    density = Density(YEAR, most_rows=700)
    density.add(page(0))
    assert density.split() is None


def test_a_window_that_is_nearly_done_is_not_split() -> None:
    density = Density(Window(START, START + timedelta(minutes=600)))
    density.add(page(0))
    assert density.split() is None


def test_a_walk_is_asked_once_for_each_planned_windows_worth_of_rows() -> None:
    window = Window(START, START + timedelta(minutes=plan.WINDOW_ROWS * 10))
    density = Density(window)
    density.add(page(0, updated="as created"))
    density.split()
    asked = 0
    for number in range(1, 45):
        density.add(page(number * 500))
        asked += density.split() is not None
    assert asked == 2


@settings(max_examples=40)
@given(gap=st.integers(1, 500), proven=st.booleans(), rows=st.integers(2, 500))
def test_what_was_read_and_the_pieces_cover_the_window_exactly_once(gap: int, proven: bool, rows: int) -> None:
    density = Density(YEAR)
    density.add(page(gap, rows=rows, updated="later for every third" if proven else "as created"))
    pieces = density.split()
    if pieces is None:
        return
    assert all(one.end == other.start for one, other in pairwise(pieces))
    assert pieces[-1].end == YEAR.end
    assert pieces[0].start in (YEAR.start, START + timedelta(minutes=gap + rows - 1))


@pytest.mark.parametrize("rows", [0, 1])
def test_a_page_that_says_nothing_of_the_density_splits_nothing(rows: int) -> None:
    density = Density(YEAR)
    density.add(page(0, rows=rows))
    assert density.split() is None

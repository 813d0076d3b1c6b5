"""What a sync plans to read: every missing instant once, nothing that is fresh."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from rutter_assets.ingest import plan
from rutter_assets.lake.ledger import Covered, Ledger
from rutter_assets.rutter.window import Window

START = datetime(2026, 1, 1, tzinfo=UTC)
WEEK = Window.of_days(date(2026, 1, 1), date(2026, 1, 7))


def days(first: int, last: int, read_at: datetime) -> Covered:
    return Covered(START + timedelta(first - 1), START + timedelta(last), read_at)


def ledger(*covered: Covered) -> Ledger:
    return Ledger(connection_id="c", platform="P", covered=covered)


def test_without_a_ledger_everything_is_missing() -> None:
    assert plan.missing(WEEK, None, [], None) == [WEEK]


@given(start=st.integers(0, 10_000), minutes=st.integers(1, 10_000), unit_h=st.sampled_from([1, 24]))
def test_halves_cover_the_window_and_meet_at_a_whole_unit_or_there_is_none(
    start: int, minutes: int, unit_h: int
) -> None:
    window = Window(START + timedelta(minutes=start), START + timedelta(minutes=start + minutes))
    pieces, unit = plan.halves(window, timedelta(hours=unit_h)), timedelta(hours=unit_h)
    if pieces:
        first, second = pieces
        assert (first.start, first.end, second.end) == (window.start, second.start, window.end)
        assert (first.end - START) % unit == timedelta()
    else:
        assert (window.end - timedelta(microseconds=1) - START) // unit == (window.start - START) // unit


def test_a_resumed_sync_reads_only_what_was_never_read() -> None:
    known = ledger(days(1, 2, START + timedelta(30)), days(5, 6, START + timedelta(30)))
    missing = plan.missing(WEEK, known, [], None)
    assert [(window.start.day, window.end.day) for window in missing] == [(3, 5), (7, 8)]


def test_a_day_that_was_not_over_when_it_was_read_is_missing_from_then_on() -> None:
    noon = START + timedelta(days=6, hours=12)
    assert plan.missing(WEEK, ledger(days(1, 7, noon)), [], None) == [Window(noon, WEEK.end)]


def test_a_reread_repeats_what_was_read_before_it_was_asked_for() -> None:
    asked = START + timedelta(20)
    known = ledger(days(1, 3, asked - timedelta(1)), days(4, 7, asked + timedelta(1)))
    assert plan.missing(WEEK, known, [], asked) == [Window.of_days(date(2026, 1, 1), date(2026, 1, 3))]


def test_history_is_whole_only_without_a_gap_from_its_start() -> None:
    now = START + timedelta(days=7, hours=5)
    assert plan.has_history(ledger(days(1, 8, now)), date(2026, 1, 1), now)
    assert not plan.has_history(ledger(days(2, 8, now)), date(2026, 1, 1), now)
    assert not plan.has_history(ledger(days(1, 3, now), days(5, 8, now)), date(2026, 1, 1), now)


@given(rows=st.none() | st.integers(0, 2_000_000), days_=st.integers(1, 900))
def test_cuts_cover_the_range_exactly_once(rows: int | None, days_: int) -> None:
    whole = Window(START, START + timedelta(days_))
    pieces = plan.cut([whole], rows)
    assert pieces[0].start == whole.start
    assert pieces[-1].end == whole.end
    assert all(one.end == other.start for one, other in pairwise(pieces))
    assert len(pieces) <= max(1, (rows or 0) / plan.WINDOW_ROWS + 1)

"""Windows: half-open and exact."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rutter_assets.rutter.window import Window, unix_ms

START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTES = st.integers(0, 200)
WINDOWS = st.tuples(MINUTES, st.integers(1, 100)).map(
    lambda pair: Window(START + timedelta(minutes=pair[0]), START + timedelta(minutes=pair[0] + pair[1]))
)


@given(whole=WINDOWS, taken=st.lists(WINDOWS, max_size=6))
def test_what_is_left_and_what_was_taken_cover_every_instant_once(whole: Window, taken: list[Window]) -> None:
    left = whole.minus(taken)
    for minute in range(301):
        instant = START + timedelta(minutes=minute)
        inside = whole.start <= instant < whole.end
        is_taken = any(window.start <= instant < window.end for window in taken)
        assert sum(window.start <= instant < window.end for window in left) == (inside and not is_taken)


def test_days_include_both_ends() -> None:
    window = Window.of_days(date(2026, 2, 27), date(2026, 3, 1))
    assert [day.day for day in window.days] == [27, 28, 1]
    assert window.end == datetime(2026, 3, 2, tzinfo=UTC)


def test_a_window_in_another_zone_or_without_length_is_refused() -> None:
    with pytest.raises(ValueError, match="UTC"):
        Window(START.replace(tzinfo=timezone(timedelta(hours=1))), START)
    with pytest.raises(ValueError, match="after"):
        Window(START, START)


def test_milliseconds_round_down() -> None:
    assert unix_ms(datetime(1970, 1, 1, 0, 0, 1, 999_999, tzinfo=UTC)) == 1999

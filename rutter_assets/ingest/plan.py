"""What to read: which windows are missing, and how to cut them. Pure."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Final

from rutter_assets.lake.ledger import Covered, Ledger, StagedWindow
from rutter_assets.rutter.window import Window

WINDOW_ROWS: Final = 10_000
"""Rows that a window should hold: twenty full pages, so that its one partial page costs little."""

_LEAST_WINDOW_ROWS: Final = 5_000
"""Rows that a window should hold at least, where readers would be idle otherwise."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def missing(
    wanted: Window,
    ledger: Ledger | None,
    staged: Sequence[StagedWindow],
    fresh_since: datetime | None,
    reread: Window | None = None,
) -> list[Window]:
    """The parts of `wanted` that must be read, in order.

    What was read at or after `fresh_since` is fresh. Null: whatever was ever read is, up to the instant it was read at,
    except for what lies in `reread`.
    """
    by_day = [window for window in staged if window.by == "created_at" and not window.is_provisional]
    pieces: list[Covered | StagedWindow] = [*(ledger.covered if ledger else ()), *by_day]
    if fresh_since is not None:
        return wanted.minus([Window(p.start, p.end) for p in pieces if p.read_at >= fresh_since])
    fresh = reached(pieces)
    if reread is not None:
        fresh = [part for window in fresh for part in window.minus([reread])]
    return wanted.minus(fresh)


def reached(pieces: Iterable[Covered | StagedWindow]) -> list[Window]:
    """The windows that the pieces cover, each no further than the instant it was read at."""
    return [Window(p.start, min(p.end, p.read_at)) for p in pieces if p.start < min(p.end, p.read_at)]


def has_history(ledger: Ledger, start: date, now: datetime) -> bool:
    """Whether everything from `start` to the last midnight before `now` was read at some time."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    window = Window.of_days(start, start)
    return midnight <= window.start or not Window(window.start, midnight).minus(reached(ledger.covered))


def halves(window: Window, unit: timedelta) -> list[Window]:
    """The window in two at a whole unit of UTC time near its middle; empty: there is none inside of it."""
    first = (window.start - _EPOCH) // unit + 1
    last = -((_EPOCH - window.end) // unit) - 1
    if first > last:
        return []
    middle = _EPOCH + (first + last) // 2 * unit
    return [Window(window.start, middle), Window(middle, window.end)]


def window_rows(expected_rows: int, readers: int) -> int:
    """The rows that windows should hold so that all readers have one: few full pages rather than idle readers."""
    return min(WINDOW_ROWS, max(_LEAST_WINDOW_ROWS, expected_rows // readers))


def cut(windows: Sequence[Window], expected_rows: int | None, rows_each: int = WINDOW_ROWS) -> list[Window]:
    """The windows in even cuts of about `rows_each` rows, if the rows were spread evenly; null: uncut."""
    if not expected_rows:
        return list(windows)
    total = sum((window.end - window.start for window in windows), timedelta())
    pieces = []
    for window in windows:
        parts = max(1, round(expected_rows / rows_each * ((window.end - window.start) / total)))
        bounds = [window.start + (window.end - window.start) * n // parts for n in range(parts)] + [window.end]
        pieces += [Window(start, end) for start, end in pairwise(bounds)]
    return pieces

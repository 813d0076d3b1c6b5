"""How dense a window proves while it is read, and whether it may be split where the reading stands."""

from datetime import datetime
from typing import Final

import numpy as np
import pyarrow as pa

from rutter_assets.ingest import plan
from rutter_assets.rutter.window import Window

_MOST_PIECES: Final = 8
"""Pieces of one split at most: a burst at a window's start is no proof of what follows."""

_DENSE: Final = 1.5
"""A window is split when so many times the rows of a planned window are still to come."""


class Density:
    """What the pages of a walk so far say about the rest of its window.

    `most_rows`: how many rows the connection has at most, by the API's own count; null: not told.

    The documentation says `newest first` and does not name the field that is sorted by. A walk may therefore stop in
    the middle only when its rows prove the order: each created no earlier than the one before, while their
    `updated_at` is not in order, so that it cannot be what the API sorts by.
    """

    def __init__(self, window: Window, most_rows: int | None = None) -> None:
        self._window = window
        self._most_rows = most_rows
        self._rows = 0
        self._is_in_order = True
        self._updates_disagree = False
        self._last_created_us = -1
        self._last_updated_us = -1
        self._next_check = 1

    def add(self, rows: pa.Table) -> None:
        """Take the next page into account."""
        if not len(rows):
            return
        created = np.append(self._last_created_us, _microseconds(rows["created_at"]))
        updated = np.append(self._last_updated_us, _microseconds(rows["updated_at"]))
        self._is_in_order &= bool((np.diff(created) >= 0).all())
        self._updates_disagree |= bool((np.diff(updated) < 0).any())
        self._last_created_us, self._last_updated_us = int(created[-1]), int(updated[-1])
        self._rows += len(rows)

    @property
    def is_order_proven(self) -> bool:
        """Whether everything created before the last row has certainly been read."""
        return self._is_in_order and self._updates_disagree

    def split(self) -> list[Window] | None:
        """The pieces that the rest of the window should be read in; null: go on as it is.

        Asked after the first page and then once for each planned window's worth of rows. The pieces begin at the last
        row's `created_at` when the order is proven; else they are the whole window, worth it after one page only.
        """
        if self._rows < self._next_check:
            return None
        is_first = self._next_check == 1
        self._next_check = self._rows + plan.WINDOW_ROWS
        start = self._window.start
        reached = datetime.fromtimestamp(self._last_created_us / 1e6, tz=start.tzinfo)
        reached = reached.replace(microsecond=self._last_created_us // 1000 % 1000 * 1000)
        if not start < reached < self._window.end or not (self.is_order_proven or is_first):
            return None
        left = round(self._rows * ((self._window.end - reached) / (reached - start)))
        if self._most_rows is not None:
            left = min(left, self._most_rows - self._rows)
        if left < _DENSE * plan.WINDOW_ROWS:
            return None
        if self.is_order_proven:
            return plan.cut([Window(reached, self._window.end)], min(left, _MOST_PIECES * plan.WINDOW_ROWS))
        return plan.cut([self._window], min(left + self._rows, _MOST_PIECES * plan.WINDOW_ROWS))


def _microseconds(instants: pa.ChunkedArray) -> np.ndarray:
    return np.asarray(instants.cast(pa.timestamp("us")).cast(pa.int64()))

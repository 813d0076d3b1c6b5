"""What one merchant's API shows now, kept sorted while the clock goes on.

Rows are pre-serialised; a page is a slice of a sorted list. The list changes only when the clock passes an instant at
which some version becomes visible, never because a request came.
"""

import threading
from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import NamedTuple

from rutter_assets.sandbox.lifecycle import Lifecycle
from rutter_assets.sandbox.version import Source, Version

__all__ = ["Position", "Selection", "Shelf"]

_AFTER_ANY_VERSION_MS = 2**63
_REBUILD_ABOVE = 200
"""So many changes at once are cheaper to sort in than to insert one by one."""
_REMEMBERED_SELECTIONS = 8


class Position(NamedTuple):
    """The place of a row in the list; exact where several rows share a millisecond."""

    created_ms: int
    id: str


@dataclass(frozen=True)
class Selection:
    """The four filters of the list endpoint in Unix ms, both ends inclusive; None: open."""

    created_min_ms: int | None = None
    created_max_ms: int | None = None
    updated_min_ms: int | None = None
    updated_max_ms: int | None = None


class Shelf:
    """A merchant's visible rows. Every method takes the present in Unix ms and is safe to call from several threads."""

    def __init__(self, source: Source, lifecycle: Lifecycle) -> None:
        self._lock = threading.RLock()
        self._source = source
        self._lifecycle = lifecycle
        self._empty()

    def _empty(self) -> None:
        self._rows: list[Version] = []
        self._by_id: dict[str, Version] = {}
        self._by_update: list[tuple[int, int, str]] | None = None
        self._selected: dict[tuple[int | None, int | None], list[Version]] = {}
        self._future: list[tuple[int, int, int, Version]] = []
        self._sequence = count()
        self._now_ms = self._drawn_until_ms = self._source.starts_ms

    def rows(self, now_ms: int) -> Sequence[Version]:
        """Every visible row in ascending order; a copy."""
        with self._lock:
            self._advance(now_ms)
            return self._rows.copy()

    def row(self, now_ms: int, row_id: str) -> Version | None:
        """The visible row of that id, if there is one."""
        with self._lock:
            self._advance(now_ms)
            return self._by_id.get(row_id)

    def span(self, now_ms: int, selection: Selection) -> tuple[int, int | None, int | None]:
        """How many rows a selection holds, and the `created_ms` of its oldest and newest; None where there is none."""
        with self._lock:
            self._advance(now_ms)
            rows, low, high = self._bounded(selection)
            if low >= high:
                return 0, None, None
            return high - low, rows[low].created_ms, rows[high - 1].created_ms

    def page(
        self, now_ms: int, selection: Selection, start: Position | None, limit: int, *, newest_first: bool
    ) -> tuple[list[bytes], Position | None]:
        """Up to `limit` row bodies from `start` on (None: from the beginning), and where the next page starts.

        The second is None at the end. `start` need not exist any more: the page begins at the nearest row after it.
        """
        with self._lock:
            self._advance(now_ms)
            rows, low, high = self._bounded(selection)
            if newest_first:
                if start is not None:
                    high = min(high, bisect_left(rows, (*start, _AFTER_ANY_VERSION_MS)))
                split = max(low, high - limit)
                page = rows[split:high] if split < high else []
                page.reverse()
                following = rows[split - 1] if split > low else None
            else:
                if start is not None:
                    low = max(low, bisect_left(rows, start))
                split = min(high, low + limit)
                page = rows[low:split]
                following = rows[split] if split < high else None
            bodies = [body for row in page if (body := row.body) is not None]
            return bodies, None if following is None else Position(following.created_ms, following.id)

    def _bounded(self, selection: Selection) -> tuple[list[Version], int, int]:
        """A sorted list and the bounds within it that hold exactly the selected rows."""
        if selection.updated_min_ms is None and selection.updated_max_ms is None:
            rows = self._rows
        else:
            rows = self._updated(selection.updated_min_ms, selection.updated_max_ms)
        low, high = 0, len(rows)
        if selection.created_min_ms is not None:
            low = bisect_left(rows, (selection.created_min_ms,))
        if selection.created_max_ms is not None:
            high = bisect_left(rows, (selection.created_max_ms + 1,))
        return rows, low, high

    def _updated(self, min_ms: int | None, max_ms: int | None) -> list[Version]:
        """The rows updated in a range, by creation; remembered, because every page of a walk asks for them again."""
        found = self._selected.get((min_ms, max_ms))
        if found is None:
            if self._by_update is None:
                self._by_update = sorted((row.updated_ms, row.created_ms, row.id) for row in self._rows)
            low = 0 if min_ms is None else bisect_left(self._by_update, (min_ms,))
            high = len(self._by_update) if max_ms is None else bisect_left(self._by_update, (max_ms + 1,))
            found = sorted(self._by_id[row_id] for _, _, row_id in self._by_update[low:high])
            if len(self._selected) >= _REMEMBERED_SELECTIONS:
                self._selected.pop(next(iter(self._selected)))
            self._selected[(min_ms, max_ms)] = found
        return found

    def _advance(self, now_ms: int) -> None:
        if now_ms < self._now_ms:
            self._empty()  # The clock was set back: begin again, as a new process would.
        self._now_ms = max(now_ms, self._source.starts_ms)
        if now_ms >= self._drawn_until_ms:
            self._draw((now_ms // self._source.step_ms + 1) * self._source.step_ms)
        due = bisect_left(self._future, (now_ms + 1,))
        if due:
            self._show([version for *_, version in self._future[:due]])
            del self._future[:due]

    def _draw(self, until_ms: int) -> None:
        visible_ms = self._lifecycle.visible_ms
        for version in self._source.drawn(self._drawn_until_ms, until_ms):
            shown_ms = max(visible_ms(version.created_ms, version.updated_ms), version.not_before_ms)
            self._future.append((shown_ms, version.updated_ms, next(self._sequence), version))
        self._future.sort()
        self._drawn_until_ms = until_ms

    def _show(self, versions: list[Version]) -> None:
        self._selected.clear()
        if len(versions) > _REBUILD_ABOVE:
            for version in versions:
                if version.body is None:
                    self._by_id.pop(version.id, None)
                else:
                    self._by_id[version.id] = version
            self._rows = sorted(self._by_id.values())
            self._by_update = None
            return
        for version in versions:
            old = self._by_id.pop(version.id, None)
            if old is not None:
                del self._rows[bisect_left(self._rows, old)]
                if self._by_update is not None:
                    del self._by_update[bisect_left(self._by_update, (old.updated_ms, old.created_ms, old.id))]
            if version.body is not None:
                self._by_id[version.id] = version
                insort(self._rows, version)
                if self._by_update is not None:
                    insort(self._by_update, (version.updated_ms, version.created_ms, version.id))

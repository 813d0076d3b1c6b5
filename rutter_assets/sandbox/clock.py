"""The clock a sandbox lives by: the computer's, or one that a test moves."""

import threading
from datetime import UTC, datetime, timedelta

__all__ = ["Clock"]


class Clock:
    """Tells the sandbox what time it is; make one with `Clock.frozen` or `Clock.wall`.

    Every datetime in and out is aware; a naive one raises `ValueError`, because guessing its zone would move rows
    between days. Safe to read and move from several threads.
    """

    def __init__(self, frozen_at: datetime | None) -> None:
        self._lock = threading.Lock()
        self._frozen_at = None if frozen_at is None else _utc(frozen_at)

    @classmethod
    def frozen(cls, at: datetime) -> "Clock":
        """A clock that stands at `at` until it is moved."""
        return cls(at)

    @classmethod
    def wall(cls) -> "Clock":
        """The computer's own clock, which nobody moves."""
        return cls(None)

    def now(self) -> datetime:
        """The present instant in UTC."""
        with self._lock:
            return self._frozen_at if self._frozen_at is not None else datetime.now(UTC)

    def set(self, to: datetime) -> None:
        """Moves a frozen clock to `to`, forwards or back. A wall clock raises `RuntimeError`."""
        moved = _utc(to)
        with self._lock:
            self._require_frozen()
            self._frozen_at = moved

    def advance(self, by: timedelta) -> None:
        """Moves a frozen clock on by `by`. A wall clock raises `RuntimeError`."""
        with self._lock:
            self._frozen_at = self._require_frozen() + by

    def _require_frozen(self) -> datetime:
        if self._frozen_at is None:
            raise RuntimeError("A wall clock cannot be moved; use Clock.frozen(...) where the time must be set.")
        return self._frozen_at


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"The sandbox's clock needs an aware datetime, got {moment!r}; add tzinfo=UTC.")
    return moment.astimezone(UTC)

"""The rate limit: so many requests in any window of ten seconds, for the whole organisation."""

import time
from collections import deque
from collections.abc import Callable

__all__ = ["SlidingWindow"]


class SlidingWindow:
    """Admits at most `limit` requests in any `window_s` seconds, exactly; a refused request does not count.

    It goes by the computer's monotonic clock, never by the sandbox's: requests are real, even where time is not.
    """

    def __init__(self, limit: int, window_s: float = 10.0, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._window_s = window_s
        self._monotonic_s = monotonic_s
        self._admitted_s: deque[float] = deque()

    def admits(self) -> bool:
        """Whether one more request may pass now; if so, it is counted."""
        now_s = self._monotonic_s()
        while self._admitted_s and self._admitted_s[0] <= now_s - self._window_s:
            self._admitted_s.popleft()
        if len(self._admitted_s) >= self._limit:
            return False
        self._admitted_s.append(now_s)
        return True

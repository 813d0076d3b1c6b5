"""One request budget for everything on this machine that talks to one organization's API.

The budget is the generic cell rate algorithm: one number, the instant at which the next request would be due at an
even pace. A request may start up to a small burst ahead of it. Burst and pace together never exceed the limit in any
window of 10 s, and a margin of 1 % absorbs the jitter of the way to the server.
"""

import asyncio
import hashlib
import struct
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from filelock import FileLock

from rutter_assets.rutter.contract import LIMIT_WINDOW_S


class Pace(Protocol):
    """Whom a request asks before it starts."""

    async def turn(self) -> float:
        """Wait until the next request may start; gives the seconds waited."""
        ...

    def slow_down(self, pause_s: float) -> None:
        """Hold back every request for `pause_s` seconds: the API said that we are too fast."""
        ...


@dataclass(frozen=True)
class Budget:
    """How many requests may start: one each `interval_s`, at most `burst` of them ahead of that."""

    interval_s: float
    burst: int

    @classmethod
    def of_limit(cls, requests_per_10s: int) -> Self:
        """The fastest even pace that stays within the limit in every window of 10 s."""
        burst = max(1, requests_per_10s // 60)
        margin = requests_per_10s // 100
        return cls(LIMIT_WINDOW_S / max(requests_per_10s - burst - margin, requests_per_10s / 2), burst)

    def reserve(self, due: float, now: float) -> tuple[float, float]:
        """The next `due` and the seconds to wait, for one more request at `now`; all on one clock, in seconds."""
        due = max(due, now) + self.interval_s
        return due, max(0.0, due - self.burst * self.interval_s - now)

    def held(self, due: float, now: float, pause_s: float) -> float:
        """The `due` that lets nothing start before `now + pause_s`, and no burst right after it."""
        return max(due, now + pause_s + self.burst * self.interval_s)


async def _in_time(reserve: Callable[[], float]) -> float:
    """Wait for a reserved turn; gives the seconds waited.

    A turn that is slept through is lost, and another one reserved: taken late, by a process that was held up, it would
    come on top of the turns of now. So that a machine which is always late gets on, the third is taken anyhow.
    """
    waited_s = 0.0
    for _ in range(3):
        wait_s = reserve()
        waited_s += wait_s
        due = time.monotonic() + wait_s
        await asyncio.sleep(wait_s)
        if wait_s == 0 or time.monotonic() - due <= _LATE_S:
            break
    return waited_s


class ProcessPace:
    """A budget for this process alone: for the sandbox in it, and for tests."""

    def __init__(self, requests_per_10s: int) -> None:
        self._budget = Budget.of_limit(requests_per_10s)
        self._due = 0.0

    async def turn(self) -> float:
        return await _in_time(self._reserve)

    def _reserve(self) -> float:
        self._due, wait_s = self._budget.reserve(self._due, time.monotonic())
        return wait_s

    def slow_down(self, pause_s: float) -> None:
        self._due = self._budget.held(self._due, time.monotonic(), pause_s)


class MachinePace:
    """A budget that all processes of this machine share through a small locked file.

    The file lies in the system's temporary folder under a hash of the API's address and the client id, and holds one
    instant of the monotonic clock, which all processes share and a reboot resets (an instant too far ahead is stale).
    """

    def __init__(self, requests_per_10s: int, organization: str) -> None:
        self._budget = Budget.of_limit(requests_per_10s)
        name = hashlib.sha256(organization.encode()).hexdigest()[:16]
        self._file = Path(tempfile.gettempdir()) / f"rutter-assets-{name}.pace"
        self._lock = FileLock(self._file.with_suffix(".lock"), poll_interval=0.002)

    async def turn(self) -> float:
        return await _in_time(self._reserve)

    def _reserve(self) -> float:
        now = time.monotonic()
        with self._lock:
            due, wait_s = self._budget.reserve(self._due(now), now)
            self._file.write_bytes(struct.pack("d", due))
        return wait_s

    def slow_down(self, pause_s: float) -> None:
        now = time.monotonic()
        with self._lock:
            self._file.write_bytes(struct.pack("d", self._budget.held(self._due(now), now, pause_s)))

    def _due(self, now: float) -> float:
        try:
            (due,) = struct.unpack("d", self._file.read_bytes())
        except (FileNotFoundError, struct.error):
            return 0.0
        return 0.0 if due > now + _STALE_S else float(due)


_LATE_S = 0.05
"""How late a turn may be taken: with it, a window of 10 s holds half a percent more."""

_STALE_S = 3600.0
"""A due instant further ahead than this was written before a reboot."""

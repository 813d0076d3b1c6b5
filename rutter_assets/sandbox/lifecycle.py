"""What happens to a connection over time: ready, synced batch by batch, in need of a new login, disabled.

All of it is a function of the clock. Rutter's own description of the stages: https://docs.rutter.com/connections/connection-lifecycle
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Literal

from rutter_assets.sandbox.moment import NEVER_MS, to_ms

__all__ = ["Batch", "Lifecycle", "Outage", "Status", "Trouble"]

Trouble = Literal["unhealthy", "needs_reauth", "disabled"]
Status = Literal["active", "unhealthy", "not_ready", "needs_reauth", "disabled"]


@dataclass(frozen=True)
class Batch:
    """A part of the history, by `created_at` in `[created_from, created_to)`, that is served from `completed_at` on."""

    completed_at: datetime
    created_from: datetime
    created_to: datetime


@dataclass(frozen=True)
class Outage:
    """A time `[from_at, until_at)` in which nothing is synced; `until_at` None: it lasts.

    `needs_reauth` and `disabled` also stop the data calls; `unhealthy` only stops the syncing. What happened on the
    platform meanwhile becomes visible at `until_at`, with the timestamps it had there. `reason` is the
    `disabled_reason`, for `disabled` only.
    """

    kind: Trouble
    from_at: datetime
    until_at: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Lifecycle:
    """When a connection is made, ready, complete and in trouble.

    **What is visible**: a version is seen by the first sync at or after its `updated_at`; syncs end at whole multiples
    of `sync_period` and take no time. So the API at any instant shows the platform's state as of the last completed
    sync, `last_sync_completed_at` names that sync, and no later change is visible and no earlier one is missing. Two
    exceptions, both the API's own: a row in a batch waits for the batch, and an outage holds everything back.
    """

    connected_at: datetime
    ready_at: datetime
    batches: Sequence[Batch] = ()
    outages: Sequence[Outage] = ()
    sync_period: timedelta = timedelta(minutes=1)

    @cached_property
    def connected_ms(self) -> int:
        """Unix ms of `connected_at`."""
        return to_ms(self.connected_at)

    @cached_property
    def ready_ms(self) -> int:
        """Unix ms of `ready_at`."""
        return to_ms(self.ready_at)

    @cached_property
    def _period_ms(self) -> int:
        return max(1, self.sync_period // timedelta(milliseconds=1))

    @cached_property
    def _batches_ms(self) -> list[tuple[int, int, int]]:
        return [(to_ms(b.completed_at), to_ms(b.created_from), to_ms(b.created_to)) for b in self.batches]

    @cached_property
    def _outages_ms(self) -> list[tuple[int, int, Outage]]:
        return [(to_ms(o.from_at), NEVER_MS if o.until_at is None else to_ms(o.until_at), o) for o in self.outages]

    def visible_ms(self, created_ms: int, updated_ms: int) -> int:
        """When a version with these timestamps is first served; `NEVER_MS` if an outage without end comes first."""
        at_ms = -(-updated_ms // self._period_ms) * self._period_ms
        for completed_ms, from_ms, to_ms_ in self._batches_ms:
            if from_ms <= created_ms < to_ms_:
                at_ms = max(at_ms, completed_ms)
        for from_ms, until_ms, _ in self._outages_ms:
            if from_ms < at_ms < until_ms:
                at_ms = until_ms
        return at_ms

    def last_sync_ms(self, now_ms: int) -> int | None:
        """When the last sync was completed; None before the connection is ready."""
        if now_ms < self.ready_ms:
            return None
        trouble = self.outage(now_ms)
        return (now_ms if trouble is None else to_ms(trouble.from_at)) // self._period_ms * self._period_ms

    def outage(self, now_ms: int) -> Outage | None:
        """The trouble the connection is in, if any."""
        return next((outage for from_ms, until_ms, outage in self._outages_ms if from_ms <= now_ms < until_ms), None)

    def is_ready(self, now_ms: int) -> bool:
        """Whether data calls are answered without `force_fetch`."""
        return now_ms >= self.ready_ms

    def batches_completed(self, now_ms: int) -> int:
        """How many batches are served in full."""
        return sum(completed_ms <= now_ms for completed_ms, _, _ in self._batches_ms)

    def is_complete(self, now_ms: int) -> bool:
        """`historical_sync_completed`: ready, and every batch is in."""
        return self.is_ready(now_ms) and self.batches_completed(now_ms) == len(self.batches)

    def completes_ms(self) -> int:
        """When `is_complete` becomes true."""
        return max([self.ready_ms, *(completed_ms for completed_ms, _, _ in self._batches_ms)])

    def status(self, now_ms: int) -> Status:
        """The word of `GET /connections`. Trouble outranks `not_ready`, except for `unhealthy`."""
        trouble = self.outage(now_ms)
        if trouble is not None and trouble.kind != "unhealthy":
            return trouble.kind
        if not self.is_ready(now_ms):
            return "not_ready"
        return "active" if trouble is None else "unhealthy"

    def changed_ms(self, now_ms: int) -> int:
        """When the connection itself last changed, for its `updated_at`."""
        turns = [self.connected_ms, self.ready_ms, *(completed_ms for completed_ms, _, _ in self._batches_ms)]
        turns += [turn for from_ms, until_ms, _ in self._outages_ms for turn in (from_ms, until_ms)]
        return max((turn for turn in turns if turn <= now_ms), default=self.connected_ms)

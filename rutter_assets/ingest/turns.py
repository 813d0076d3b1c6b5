"""Windows that wait to be read, given out in turns: one of each connection before a second one of any."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Generic, TypeVar

from rutter_assets.rutter.window import Window

Owner = TypeVar("Owner")


class Turns(Generic[Owner]):
    """A queue for each owner, served round robin, so that a big merchant starves no small one."""

    def __init__(self) -> None:
        self._queues: deque[tuple[Owner, deque[Window]]] = deque()
        self._in_flight = 0
        self._changed = asyncio.Condition()

    def add(self, owner: Owner, windows: Iterable[Window]) -> None:
        """Let the owner's windows wait, in order, behind those of its that wait already."""
        queue = next((queue for known, queue in self._queues if known is owner), None)
        if queue is None:
            self._queues.append((owner, queue := deque()))
        queue.extend(windows)

    async def work(self, workers: int, read: Callable[[Owner, Window], Awaitable[list[Window]]]) -> None:
        """Read everything with so many workers; the windows that `read` gives back wait in their turn again.

        The first error of a read ends the others and is raised.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                for _ in range(workers):
                    tasks.create_task(self._worker(read))
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None

    async def _worker(self, read: Callable[[Owner, Window], Awaitable[list[Window]]]) -> None:
        while (turn := await self._take()) is not None:
            owner, window = turn
            more = await read(owner, window)
            async with self._changed:
                self._in_flight -= 1
                self.add(owner, more)
                self._changed.notify_all()

    async def _take(self) -> tuple[Owner, Window] | None:
        """The next window; null when none is left and none can come back."""
        async with self._changed:
            while True:
                for _ in range(len(self._queues)):
                    owner, queue = self._queues[0]
                    self._queues.rotate(-1)
                    if queue:
                        self._in_flight += 1
                        return owner, queue.popleft()
                if self._in_flight == 0:
                    return None
                await self._changed.wait()

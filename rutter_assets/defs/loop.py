"""Our asynchronous work within Dagster's synchronous functions."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from anyio.from_thread import start_blocking_portal

T = TypeVar("T")


def completed(work: Callable[[], Awaitable[T]]) -> T:
    """What `work` comes to, on an event loop in a thread of its own.

    Dagster interrupts a run (Ctrl-C, Terminate in the UI) by an exception in the main thread, which a loop there could
    take for a failure of one of its tasks and swallow. Here it ends the waiting, and with that the loop.
    """
    with start_blocking_portal() as portal:
        return portal.call(work)

"""Progress as log lines: one every few seconds, so that a long run can be watched without drowning its log."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Final

from rutter_assets.ingest.progress import Work

EVERY_S: Final = 5.0


class Logged:
    """Progress that is logged at most every `every_s` seconds; `clock` gives seconds."""

    def __init__(
        self, log: logging.Logger, every_s: float = EVERY_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._log = log
        self._every_s = every_s
        self._clock = clock
        self._due_s = clock() + every_s
        self._connections = self._read = self._rows = self._expected_rows = 0
        self._days = self._committed = 0

    def planned(self, work: Sequence[Work]) -> None:
        self._connections = len(work)
        self._expected_rows = sum(one.expected_rows or 0 for one in work)
        windows = sum(one.windows for one in work)
        self._log.info("Reading %d connections in %d windows.", self._connections, windows)

    def page(self, connection_id: str, rows: int) -> None:  # noqa: ARG002 - the protocol's signature
        self._rows += rows
        self._tell()

    def read(self, connection_id: str) -> None:  # noqa: ARG002 - as above
        self._read += 1
        self._tell()

    def committing(self, days: int) -> None:
        self._days = days
        self._log.info("Read %d rows; writing the day files.", self._rows)

    def committed_day(self) -> None:
        self._committed += 1
        self._tell()

    def _tell(self) -> None:
        if self._clock() < self._due_s:
            return
        self._due_s = self._clock() + self._every_s
        if self._committed:
            self._log.info("Wrote %d of at most %d days.", self._committed, self._days)
            return
        expected = f" of about {max(self._expected_rows, self._rows)}" if self._expected_rows else ""
        self._log.info(
            "Read %d%s rows; %d of %d connections done.", self._rows, expected, self._read, self._connections
        )

"""What time it is by the API, as the `Date` of its answers tells: a computer's own clock may jump.

A clock that runs ahead would take a watermark past rows that are not written yet, and coverage past what was read. So
where it is ahead of the API's, the API's counts. One that is behind reads less now, and the rest later.
"""

import logging
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

log = logging.getLogger(__name__)

TOLERANCE: Final = timedelta(minutes=1)
"""How far ahead is no matter: `Date` is in whole seconds, and the answer was under way."""


class ApiClock:
    """The present, no later than the API has it; before the first answer, as this computer has it."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        """The present instant in UTC."""
        return datetime.now(UTC) - self._ahead

    async def note(self, response: httpx.Response) -> None:
        """Take the time of an answer; one without a readable `Date` says nothing."""
        try:
            told = parsedate_to_datetime(response.headers.get("Date", ""))
        except ValueError:
            return
        if told.tzinfo is None:
            return
        ahead = datetime.now(UTC) - told
        if ahead <= TOLERANCE:
            self._ahead = timedelta()
            return
        if not self._ahead:
            log.info("This computer's clock is ahead of the API's by %s: the API's counts. Set the clock.", ahead)
        self._ahead = ahead

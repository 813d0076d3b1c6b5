"""Instants as integers: Unix milliseconds inside the sandbox, ISO-8601 text with milliseconds and `Z` on the wire."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

__all__ = ["DAY_MS", "HOUR_MS", "MINUTE_MS", "NEVER_MS", "from_ms", "iso_text", "to_ms"]

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
NEVER_MS = 2**62
"""Later than any instant the sandbox will be asked about."""

_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNIX_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_MS = timedelta(milliseconds=1)


def to_ms(moment: datetime) -> int:
    """Unix milliseconds of an aware datetime, rounded down; a naive one raises `ValueError`."""
    if moment.tzinfo is None:
        raise ValueError(f"The sandbox needs aware datetimes, got {moment!r}; add tzinfo=UTC.")
    # Integer arithmetic: datetime.timestamp() is a float and loses the last millisecond now and then.
    return (moment - _UNIX_EPOCH) // _MS


def from_ms(moment_ms: int) -> datetime:
    """The aware UTC datetime of Unix milliseconds, exactly."""
    return _UNIX_EPOCH + moment_ms * _MS


def iso_text(moment_ms: int) -> str:
    """`2026-01-02T03:04:05.678Z`, the form in which the API sends instants."""
    day, rest = divmod(moment_ms, DAY_MS)
    seconds, ms = divmod(rest, 1000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{_date_text(day)}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z"


@lru_cache(maxsize=4096)
def _date_text(day: int) -> str:
    return date.fromordinal(_UNIX_EPOCH_ORDINAL + day).isoformat()

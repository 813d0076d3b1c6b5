"""Real transactions, replayed as a merchant: the days moved, everything else as in the file."""

import gzip
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from rutter_assets.sandbox.moment import NEVER_MS, to_ms
from rutter_assets.sandbox.version import Version

__all__ = ["ReplayedRows"]

_CREATED = b'"created_at":"'
_UPDATED = b'"updated_at":"'
_DATE_LENGTH = len("2010-12-01")


class ReplayedRows:
    """A source over a gzipped JSON-lines file of transactions, read when the first row is asked for.

    All timestamps, which must be in UTC with milliseconds (`2010-12-01T08:34:00.000Z`), are shifted by one whole number
    of weeks (so that weekdays stay), such that the file's last day falls into the seven days before the epoch. No
    other byte of a line changes. A missing file raises `FileNotFoundError` when the source is made.
    """

    starts_ms = 0
    step_ms = NEVER_MS

    def __init__(self, path: Path, epoch: datetime) -> None:
        if not path.is_file():
            raise FileNotFoundError(f"There is no replay file {path}; leave it out, or give its path.")
        self._path = path
        self._last_day = epoch.astimezone(UTC).date() - timedelta(days=1)

    def drawn(self, from_ms: int, to_ms: int) -> Iterator[Version]:  # noqa: ARG002 - there is one step only
        """One version per line."""
        lines = gzip.decompress(self._path.read_bytes()).splitlines()
        last = max(line[(at := line.index(_CREATED) + len(_CREATED)) : at + _DATE_LENGTH] for line in lines)
        weeks = (self._last_day - date.fromisoformat(last.decode())).days // 7
        shift = timedelta(weeks=weeks)
        days: dict[bytes, tuple[bytes, int]] = {}
        for line in lines:
            created = line.index(_CREATED) + len(_CREATED)
            updated = line.index(_UPDATED) + len(_UPDATED)
            body, created_ms = _moved(line, created, shift, days)
            body, updated_ms = _moved(body, updated, shift, days)
            at = body.index(b'"id":"') + len(b'"id":"')
            yield Version(created_ms, body[at : body.index(b'"', at)].decode(), updated_ms, body)


def _moved(line: bytes, at: int, shift: timedelta, days: dict[bytes, tuple[bytes, int]]) -> tuple[bytes, int]:
    """The line with the date at `at` shifted, which keeps its length, and the shifted instant in Unix ms."""
    old = line[at : at + _DATE_LENGTH]
    if old not in days:
        moved = date.fromisoformat(old.decode()) + shift
        days[old] = moved.isoformat().encode(), to_ms(datetime(moved.year, moved.month, moved.day, tzinfo=UTC))
    new, midnight_ms = days[old]
    hour, minute, second, ms = (
        int(line[at + start : at + end]) for start, end in ((11, 13), (14, 16), (17, 19), (20, 23))
    )
    instant_ms = midnight_ms + ((hour * 60 + minute) * 60 + second) * 1000 + ms
    return line[:at] + new + line[at + _DATE_LENGTH :], instant_ms

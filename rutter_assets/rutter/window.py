"""Windows of time: half-open, UTC, never empty."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Self

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, order=True)
class Window:
    """The instants `start <= t < end`, both aware and UTC."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.utcoffset() != timedelta(0) or self.end.utcoffset() != timedelta(0):
            raise ValueError(f"a window is bounded by UTC instants, not {self.start} and {self.end}")
        if self.start >= self.end:
            raise ValueError(f"a window ends after its start, not {self.start} to {self.end}")

    @classmethod
    def of_days(cls, first: date, last: date) -> Self:
        """The UTC days from `first` to `last`, both included."""
        midnight = time(tzinfo=UTC)
        return cls(datetime.combine(first, midnight), datetime.combine(last + timedelta(days=1), midnight))

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%dT%H:%M:%S}Z..{self.end:%Y-%m-%dT%H:%M:%S}Z"

    @property
    def days(self) -> list[date]:
        """Every UTC day the window touches, in order."""
        first, last = self.start.date(), (self.end - timedelta(microseconds=1)).date()
        return [first + timedelta(days=n) for n in range((last - first).days + 1)]

    def minus(self, others: "list[Window]") -> list[Self]:
        """What is left of the window once `others` are taken out, in order."""
        left, start = [], self.start
        for other in sorted(others):
            if other.end <= start:
                continue
            if other.start >= self.end:
                break
            if other.start > start:
                left.append(type(self)(start, other.start))
            start = max(start, other.end)
        if start < self.end:
            left.append(type(self)(start, self.end))
        return left


def unix_ms(instant: datetime) -> int:
    """Unix milliseconds, rounded down: what the API's bounds take."""
    return (instant - _EPOCH) // timedelta(milliseconds=1)

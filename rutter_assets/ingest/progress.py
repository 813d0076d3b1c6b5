"""What a sync tells while it works; the CLI draws it, Dagster logs it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Work:
    """One connection's part of a sync; `expected_rows` is the API's own count where it gives one."""

    connection_id: str
    name: str
    expected_rows: int | None
    windows: int


class Progress(Protocol):
    """Called from the sync, in order; every call must return at once."""

    def planned(self, work: Sequence[Work]) -> None:
        """The connections that will be read."""
        ...

    def page(self, connection_id: str, rows: int) -> None:
        """A page of `rows` transactions has arrived."""
        ...

    def read(self, connection_id: str) -> None:
        """The connection's last window is done, or the connection has failed."""
        ...

    def committing(self, days: int) -> None:
        """Reading is over; up to `days` day files will be written."""
        ...

    def committed_day(self) -> None:
        """One day is written, or was found unchanged."""
        ...


class Silent:
    """Progress that nobody looks at."""

    def planned(self, work: Sequence[Work]) -> None: ...
    def page(self, connection_id: str, rows: int) -> None: ...
    def read(self, connection_id: str) -> None: ...
    def committing(self, days: int) -> None: ...
    def committed_day(self) -> None: ...

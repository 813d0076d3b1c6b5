"""What a sync looks like from a shell: live bars on a terminal, a line every few seconds elsewhere."""

import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Display
from rich.table import Column
from rich.text import Text

from rutter_assets.cli.words import printable
from rutter_assets.ingest.progress import Progress, Work

LINE_EVERY_S: Final = 5.0


class Shown(Progress, Protocol):
    """Progress that is shown while a `with` block lasts."""

    def stage(self, what: str) -> None:
        """Work without a measure has begun, such as waiting for an answer; `what` ends with no period."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def shown_on(console: Console, then: str | None = None) -> Shown:
    """Bars where a person looks, lines where not; `then` is what goes on after the day files without telling of it."""
    return Bars(console, then) if console.is_terminal else Lines(console, then)


class Bars:
    """A bar for each merchant, and one for the day files; they go away when the block ends."""

    _ROOM_FOR_OTHER_LINES: Final = 4

    def __init__(self, console: Console, then: str | None = None) -> None:
        self._then = then
        name = Column(no_wrap=True, overflow="ellipsis", max_width=32)
        self._display = Display(
            TextColumn("{task.description}", markup=False, table_column=name),
            BarColumn(bar_width=None, finished_style="green"),
            _Amount(),
            _Requests(),
            _Rate(),
            TimeRemainingColumn(compact=True),
            console=console,
            transient=True,
            expand=True,
            refresh_per_second=5,
        )
        self._room = max(3, console.height - self._ROOM_FOR_OTHER_LINES)
        self._bars: dict[str, TaskID] = {}
        self._shown: set[str] = set()
        self._rows: dict[str, int] = {}
        self._requests: dict[str, int] = {}
        self._expected: dict[str, int | None] = {}
        self._stage: TaskID | None = None
        self._days: TaskID | None = None
        self._days_done = 0

    def __enter__(self) -> Self:
        self._display.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._display.stop()

    def stage(self, what: str) -> None:
        self._end_stage()
        if self._days is not None:
            self._finish(self._days, self._days_done)
            self._days = None
        self._stage = self._display.add_task(what, total=None, unit="")

    def planned(self, work: Sequence[Work]) -> None:
        self._end_stage()
        for item in work:
            self._expected[item.connection_id] = item.expected_rows
            is_shown = len(self._shown) < self._room
            self._bars[item.connection_id] = self._display.add_task(
                printable(item.name), total=item.expected_rows, unit="rows", visible=is_shown
            )
            if is_shown:
                self._shown.add(item.connection_id)

    def page(self, connection_id: str, rows: int) -> None:
        bar = self._bars[connection_id]
        so_far = self._rows[connection_id] = self._rows.get(connection_id, 0) + rows
        self._requests[connection_id] = self._requests.get(connection_id, 0) + 1
        self._display.update(bar, completed=so_far, requests=self._requests[connection_id])
        if so_far > (self._expected[connection_id] or so_far):
            self._display.update(bar, total=None)  # more than the API counted: nobody knows how many are left
        self._show(connection_id)

    def read(self, connection_id: str) -> None:
        self._finish(self._bars[connection_id], self._rows.get(connection_id, 0))
        if len(self._bars) > self._room:
            self._display.update(self._bars[connection_id], visible=False)
            self._shown.discard(connection_id)

    def committing(self, days: int) -> None:
        total = days if days and self._then is None else None  # a bar that stays short of its end would look stuck
        self._days = self._display.add_task("Writing the day files", total=total, unit="days")
        if self._then is not None:
            self._stage = self._display.add_task(self._then, total=None, unit="")

    def committed_day(self) -> None:
        self._days_done += 1
        if self._days is not None:
            self._display.update(self._days, completed=self._days_done)

    def _finish(self, bar: TaskID, done: int) -> None:
        self._display.update(bar, total=max(done, 1), completed=max(done, 1), done=done)

    def _show(self, connection_id: str) -> None:
        if connection_id not in self._shown and len(self._shown) < self._room:
            self._display.update(self._bars[connection_id], visible=True)
            self._shown.add(connection_id)

    def _end_stage(self) -> None:
        if self._stage is not None:
            self._display.remove_task(self._stage)
            self._stage = None


class _Amount(ProgressColumn):
    """How many rows or days are done."""

    def render(self, task: Task) -> Text:
        unit = task.fields["unit"]
        done = task.fields.get("done", int(task.completed))
        return Text(f"{done:,} {unit}" if unit else "", justify="right")


class _Requests(ProgressColumn):
    """How many requests that took."""

    def render(self, task: Task) -> Text:
        count = task.fields.get("requests")
        return Text(f"{count:,} req" if count else "", justify="right")


class _Rate(ProgressColumn):
    """How many of them a second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f}/s" if speed and task.fields["unit"] else "", justify="right")


class Lines:
    """A line at each stage, and one every `every_s` seconds within it."""

    def __init__(self, console: Console, then: str | None = None, every_s: float = LINE_EVERY_S) -> None:
        self._console = console
        self._then = then
        self._every_s = every_s
        self._lock = threading.Lock()
        self._said_at = time.monotonic()
        self._began_at = time.monotonic()
        self._merchants = self._done = self._rows = self._days = self._days_done = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def stage(self, what: str) -> None:
        self._say(f"{what}.")

    def planned(self, work: Sequence[Work]) -> None:
        self._merchants, self._began_at = len(work), time.monotonic()
        expected = sum(item.expected_rows or 0 for item in work)
        about = f", about {expected:,} rows by the API's count" if expected else ""
        self._say(f"Reading {self._merchants} connections{about}." if work else "There is nothing new to read.")

    def page(self, connection_id: str, rows: int) -> None:  # noqa: ARG002 - lines tell of all of them together
        self._rows += rows
        if self._is_time():
            rate = self._rows / max(time.monotonic() - self._began_at, 0.001)
            self._say(
                f"Reading: {self._rows:,} rows, {rate:,.0f}/s, {self._done} of {self._merchants} connections done."
            )

    def read(self, connection_id: str) -> None:  # noqa: ARG002 - as above
        self._done += 1

    def committing(self, days: int) -> None:
        self._days = days
        if days:
            then = f"; {self._then}" if self._then else ""
            self._say(f"Read {self._rows:,} rows; writing up to {days:,} day files{then}.")

    def committed_day(self) -> None:
        with self._lock:
            self._days_done += 1
        if self._is_time():
            self._say(f"Writing: {self._days_done:,} of up to {self._days:,} day files done.")

    def _is_time(self) -> bool:
        return time.monotonic() - self._said_at >= self._every_s

    def _say(self, line: str) -> None:
        with self._lock:
            self._said_at = time.monotonic()
            self._console.print(line, soft_wrap=True)

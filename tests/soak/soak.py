"""The soak: hourly updates of many merchants within seconds each, over a wire that fails, by processes that overlap."""

import multiprocessing
import random
import re
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import cycle
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from types import TracebackType
from typing import Any, Final, Self

from rutter_assets.lake import layout
from rutter_assets.marts.mart import MARTS, read_days
from rutter_assets.sandbox import Clock, Sandbox, World
from tests.soak.worker import Done, Order, Place, work
from tests.wire import CUT, Wire, answer

EPOCH: Final = datetime(2025, 11, 1, tzinfo=UTC)
FAULTS: Final = (
    CUT,
    answer(500, b"<html>fault</html>"),
    answer(503, b"", "Retry-After: 1"),
    answer(200, b'{"transactions":['),
    answer(200, b"not compressed", "Content-Encoding: gzip"),
)

MOST_GROWTH: Final = 1.15
"""How much more memory a worker may hold after a run of the last third than of the middle third, by their medians."""

_HEAD: Final = "minute  hours   runs  failed      rows  requests  faults  retries  unread conn.  429  memory MB  files"


@dataclass(frozen=True)
class Shape:
    """How much of everything. An hour of the sandbox's world lasts `hour_s` seconds; every `night_hours`, the last days
    are read again. `fault_share`: of the requests, 0 to 1."""

    connections: int = 300
    rows: int = 200
    days: int = 30
    changes_per_hour: float = 0.01
    workers: int = 3
    hour_s: float = 7.0
    night_hours: int = 12
    fault_share: float = 0.05
    requests_per_10s: int = 500


@dataclass
class Tally:
    """What has happened so far."""

    hours: int = 0
    faults: int = 0
    limited: int = 0
    runs: Counter[str] = field(default_factory=Counter)
    failed_runs: Counter[str] = field(default_factory=Counter)
    rows: int = 0
    requests: int = 0
    retries: int = 0
    failed_connections: int = 0
    memory_bytes: list[list[int]] = field(default_factory=list)
    open_files: list[list[int]] = field(default_factory=list)


class Soak:
    """One soak in a folder of its own; `run` gives the sentences of what is not as it should be: none."""

    def __init__(self, shape: Shape, folder: Path, tell: Callable[[str], None]) -> None:
        self.shape = shape
        self.tally = Tally()
        self._folder = folder
        self._tell = tell
        self._chance = random.Random(20251101)
        self._fails = True
        world = World.bulk(
            epoch=EPOCH,
            merchants=shape.connections,
            rows=shape.rows,
            days=shape.days,
            changes_per_hour=shape.changes_per_hour,
        )
        self._clock = Clock.frozen(EPOCH)
        self._sandbox = Sandbox(world, self._clock, shape.requests_per_10s)

    def run(self, minutes: float) -> list[str]:
        """Load everything, let hours pass for so long, then let all runs end and compare."""
        (self._folder / "temp").mkdir(parents=True)
        with self._sandbox, Wire(self._sandbox, "invented-secret", keeps=False) as wire:
            wire.fault = self._fault
            place = Place(
                wire.base_url,
                wire.client_id,
                wire.client_secret,
                self.shape.requests_per_10s,
                self._folder,
                (EPOCH - timedelta(days=self.shape.days)).date(),
            )
            with _Crew(place, self.shape.workers, self._note) as crew:
                self._load(crew)
                self._let_hours_pass(crew, minutes)
                crew.wait()
            self._catch_up(place)
            return [*self._not_true(place), *self._not_flat(), *self._not_kept(place)]

    def _fault(self, _: bytes) -> bytes | None:
        if not self._fails or self._chance.random() >= self.shape.fault_share:
            return None
        self.tally.faults += 1
        return self._chance.choice(FAULTS)

    def _load(self, crew: "_Crew") -> None:
        """Load the history of all; a load that faults kept from its end is repeated."""
        loaded = 0
        while loaded < self.shape.connections:
            crew.give(Order("load", self._clock.now()))
            crew.wait()
            ledgers = crew.place.lake.ledgers().values()
            loaded = sum(ledger.history_loaded_at is not None for ledger in ledgers)

    def _let_hours_pass(self, crew: "_Crew", minutes: float) -> None:
        self._tell(_HEAD)
        started = time.monotonic()
        minute = 1
        while (elapsed_s := time.monotonic() - started) < minutes * 60:
            self._clock.advance(timedelta(hours=1))
            self.tally.hours += 1
            is_night = self.tally.hours % self.shape.night_hours == 0
            crew.give(Order("reread" if is_night else "update", self._clock.now()))
            crew.take_for(self.shape.hour_s)
            self._count_limited()
            if elapsed_s >= minute * 60:
                self._tell(self._line(minute))
                minute += 1
        self._tell(self._line(minute))

    def _catch_up(self, place: Place) -> None:
        """One more run, of a new process over a sound wire: it takes up whatever the others could not end."""
        self._fails = False
        self._clock.advance(timedelta(minutes=1))
        with _Crew(place, 1, lambda _, done: self._note(self.shape.workers, done)) as crew:
            crew.give(Order("update", self._clock.now()))
            crew.wait()
        self._count_limited()

    def _note(self, worker: int, done: Done) -> None:
        tally = self.tally
        tally.runs[done.kind] += 1
        if done.why is not None:
            tally.failed_runs[_without_names(done.why)] += 1
        tally.rows += done.rows
        tally.requests += done.requests
        tally.retries += done.retries
        tally.failed_connections += done.failed
        while len(tally.open_files) <= worker:
            tally.memory_bytes.append([])
            tally.open_files.append([])
        tally.memory_bytes[worker].append(done.memory_bytes)
        tally.open_files[worker].append(done.open_files)

    def _count_limited(self) -> None:
        records = list(self._sandbox.requests)
        del self._sandbox.requests[: len(records)]
        self.tally.limited += sum(record.status == 429 for record in records)

    def _line(self, minute: int) -> str:
        tally = self.tally
        memory = max((held[-1] for held in tally.memory_bytes if held), default=0) // 2**20
        files = max((counts[-1] for counts in tally.open_files if counts), default=0)
        return (
            f"{minute:>6}  {tally.hours:>5}  {tally.runs.total():>5}  {tally.failed_runs.total():>6}  {tally.rows:>8,}"
            f"  {tally.requests:>8,}  {tally.faults:>6,}  {tally.retries:>7,}  {tally.failed_connections:>11}"
            f"  {tally.limited:>3}  {memory:>9}  {files:>5}"
        )

    # What is not as it should be

    def _not_true(self, place: Place) -> list[str]:
        """Where the lake and its marts are not what the sandbox knows to be true."""
        said = []
        stored = _rows(item for table in place.lake.transactions() for item in table.to_pylist())
        true = _rows(item for one in self._sandbox.world.merchants for item in self._sandbox.truth.transactions(one.id))
        if stored != true:
            said.append(f"{len(stored ^ true)} rows of the lake are not the truth's {len(true)}.")
        rows = (table for _, table in read_days(place.lake, MARTS["fee_totals"]))
        fees = {(one["date"], one["connection_id"]): one["fees_total"] for table in rows for one in table.to_pylist()}
        wanted = {(one["date"], one["connection_id"]): one["fees_total"] for one in self._sandbox.truth.fee_totals()}
        if fees != wanted:
            said.append(f"{len(fees.items() ^ wanted.items())} figures of fee_totals are not the truth's.")
        return said

    def _not_flat(self) -> list[str]:
        """Which worker's memory or open files grew once it was warm; one of few runs tells nothing."""
        said = []
        for worker, (held, files) in enumerate(zip(self.tally.memory_bytes, self.tally.open_files, strict=True)):
            third = len(held) // 3
            if third < 2:
                continue
            middle, last = median(held[third : 2 * third]), median(held[2 * third :])
            if last > middle * MOST_GROWTH:
                said.append(f"Worker {worker} grew from {middle / 2**20:.0f} to {last / 2**20:.0f} MiB.")
            if max(files[third:]) > max(files[: third + 1]):
                said.append(f"Worker {worker} has {max(files[third:])} files open, {max(files[: third + 1])} at first.")
        return said

    def _not_kept(self, place: Place) -> list[str]:
        """What else the package promises."""
        said = []
        if self.tally.limited:
            said.append(f"{self.tally.limited} requests went beyond the rate limit.")
        ours = (layout.KEPT, "_staging/locks/")
        left = [path for path in place.lake.storage.paths("_staging") if not path.startswith(ours)]
        if left:
            said.append(f"{len(left)} temporary files stayed, such as {left[0]}.")
        if self.shape.fault_share and not self.tally.faults:
            said.append("No fault was met, so nothing was shown.")
        return said


class _Crew:
    """The workers. Orders are given out in turns, whether the one before has ended or not."""

    def __init__(self, place: Place, count: int, note: Callable[[int, Done], None]) -> None:
        self.place = place
        self._note = note
        spawned = multiprocessing.get_context("spawn")
        self._pipes: list[Connection] = []
        self._processes = []
        for _ in range(count):
            ours, theirs = spawned.Pipe()
            self._processes.append(spawned.Process(target=work, args=(theirs, place), daemon=True))
            self._pipes.append(ours)
        for process in self._processes:
            process.start()
        self._under_way = [0] * count
        self._turns = cycle(range(count))

    def give(self, order: Order) -> None:
        """The order to the next worker; one that is two behind is passed over."""
        for _ in self._pipes:
            worker = next(self._turns)
            if self._under_way[worker] < 2:
                self._pipes[worker].send(order)
                self._under_way[worker] += 1
                return

    def take_for(self, seconds: float) -> None:
        """Note what is done for so long."""
        until = time.monotonic() + seconds
        while (left_s := until - time.monotonic()) > 0:
            self._take(left_s)

    def wait(self) -> None:
        """Note what is done until nothing is under way."""
        while any(self._under_way):
            self._take(60)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pipe, process in zip(self._pipes, self._processes, strict=True):
            with suppress(BrokenPipeError):
                pipe.send(None)
            process.join(60)

    def _take(self, within_s: float) -> None:
        for pipe in multiprocessing.connection.wait(self._pipes, within_s):
            worker = self._pipes.index(pipe)  # type: ignore[arg-type]
            done: Done = self._pipes[worker].recv()  # fails where the worker died, which ends the soak
            self._under_way[worker] -= 1
            self._note(worker, done)


def _without_names(sentence: str) -> str:
    """A sentence without its file and its request, so that equal ones are counted together."""
    return re.sub(r"\S+/\S+", "a file", sentence.partition(" (")[0])


def _rows(items: Any) -> set[tuple[Any, ...]]:
    names = ("connection_id", "id", "created_at", "updated_at", "type", "status", "amount", "fee", "iso_currency_code")
    return {tuple(item[name] for name in names) for item in items}

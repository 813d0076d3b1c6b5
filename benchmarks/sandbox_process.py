"""The sandbox in a process of its own, so that its work is not counted as a contender's; driven through a pipe."""

import hashlib
import multiprocessing
import resource
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

from benchmarks.job import Account, Job
from rutter_assets.sandbox import Clock, Sandbox, World

EPOCH = datetime(2025, 11, 1, tzinfo=UTC)
"""When every world of the benchmark was made; its history lies before, its changes come after."""

SEED = 7
_SLICE = timedelta(days=30)


@dataclass(frozen=True)
class BulkWorld:
    """The shape of a world: `rows` for each of `merchants`, spread over the `days` before the epoch."""

    merchants: int
    rows: int
    days: int = 365
    changes_per_hour: float = 0.0


@dataclass(frozen=True)
class Digest:
    """What must be found of one connection: its rows, their ids, and the sums of amounts and of times of update."""

    rows: int
    ids: str
    amount_sum: Decimal
    updated_ms_sum: int


@dataclass(frozen=True)
class Served:
    """What the server answered since it was asked last. `by_path` counts by (path, status); `cpu_s` is its own."""

    by_path: Counter[tuple[str, int | None]]
    cpu_s: float

    @property
    def requests(self) -> int:
        """All requests, the refused ones included."""
        return self.by_path.total()

    @property
    def refused(self) -> int:
        """Those over the limit."""
        return sum(count for (_, status), count in self.by_path.items() if status == 429)

    def of(self, path: str) -> int:
        """The answers with data on one path."""
        return self.by_path[(path, 200)]


@dataclass(frozen=True)
class _Address:
    base_url: str
    client_id: str
    client_secret: str
    accounts: list[Account]


class SandboxProcess:
    """Serves a world while the `with` block lasts."""

    def __init__(self, world: BulkWorld, *, requests_per_10s: int, latency_ms: int) -> None:
        self.world = world
        self.requests_per_10s = requests_per_10s
        self.now = EPOCH
        spawned = multiprocessing.get_context("spawn")
        self._pipe, theirs = spawned.Pipe()
        self._process = spawned.Process(target=_serve, args=(theirs, world, requests_per_10s, latency_ms), daemon=True)
        self._address: _Address | None = None

    def __enter__(self) -> Self:
        self._process.start()
        self._address = self._pipe.recv()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ask("stop")
        self._process.join(10)

    def job(self, folder: str) -> Job:
        """The job to load all of the world into a folder."""
        assert self._address is not None
        return Job(
            base_url=self._address.base_url,
            client_id=self._address.client_id,
            client_secret=self._address.client_secret,
            accounts=self._address.accounts,
            requests_per_10s=self.requests_per_10s,
            first_day=(EPOCH - timedelta(days=self.world.days)).date(),
            last_day=self.today,
            now=self.now,
            folder=folder,
        )

    @property
    def today(self) -> date:
        """The UTC day that the server has."""
        return self.now.date()

    def truth(self) -> dict[str, Digest]:
        """What is to be found of each connection now."""
        found: dict[str, Digest] = self._ask("truth")
        return found

    def served(self) -> Served:
        """What was answered since this was called last."""
        found: Served = self._ask("served")
        return found

    def advance(self, by: timedelta) -> None:
        """Let time pass at the server."""
        self.now += by
        self._ask(self.now)

    def _ask(self, command: object) -> Any:
        self._pipe.send(command)
        return self._pipe.recv()


def _serve(pipe: Connection, spec: BulkWorld, requests_per_10s: int, latency_ms: int) -> None:
    world = World.bulk(
        seed=SEED,
        epoch=EPOCH,
        merchants=spec.merchants,
        rows=spec.rows,
        days=spec.days,
        changes_per_hour=spec.changes_per_hour,
    )
    clock = Clock.frozen(EPOCH)
    accounts = [Account(m.id, m.platform, m.access_token) for m in world.merchants]
    with Sandbox(world, clock, requests_per_10s, latency_ms) as sandbox:
        pipe.send(_Address(sandbox.base_url, sandbox.client_id, sandbox.client_secret, accounts))
        cpu_s = _cpu_s()
        while (command := pipe.recv()) != "stop":
            if isinstance(command, datetime):
                clock.set(command)
                pipe.send(None)
            elif command == "truth":
                pipe.send({account.id: _digest(sandbox, account.id, spec.days) for account in accounts})
            else:
                before_s, cpu_s = cpu_s, _cpu_s()
                records = list(sandbox.requests)
                sandbox.requests.clear()
                pipe.send(Served(Counter((record.path, record.status) for record in records), cpu_s - before_s))
        pipe.send(None)


def _digest(sandbox: Sandbox, connection_id: str, days: int) -> Digest:
    """Slice by slice: half a million rows as dicts are more than a machine's memory has to hold for this."""
    ids: list[str] = []
    amount_sum, updated_ms_sum = Decimal(0), 0
    start = EPOCH - timedelta(days=days + 1)
    while start <= sandbox.clock.now():
        for row in sandbox.truth.transactions(connection_id, start, start + _SLICE):
            ids.append(row["id"])
            amount_sum += row["amount"]
            updated_ms_sum += round(row["updated_at"].timestamp() * 1000)
        start += _SLICE
    return Digest(len(ids), hashlib.sha256(",".join(sorted(ids)).encode()).hexdigest(), amount_sum, updated_ms_sum)


def _cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime

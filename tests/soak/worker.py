"""One of the processes that sync the same lake side by side: it does what it is told, and tells what that cost."""

import asyncio
import gc
import os
import resource
import tempfile
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final, Literal

import stamina.instrumentation
from pydantic import SecretStr

from rutter_assets.errors import LakeError, RutterAssetsError
from rutter_assets.ingest.report import SyncReport
from rutter_assets.ingest.source import Source
from rutter_assets.ingest.sync import SyncRequest, sync
from rutter_assets.ingest.updates import UpdateRequest, sync_updates
from rutter_assets.lake.lake import Lake
from rutter_assets.marts.mart import MARTS, compute
from rutter_assets.rutter.client import RutterClient
from rutter_assets.rutter.pace import MachinePace
from rutter_assets.rutter.window import Window

NIGHT: Final = timedelta(days=3)
"""How far back the nightly run reads again."""


@dataclass(frozen=True)
class Place:
    """Where the API and the lake are, and the budget that all workers share."""

    base_url: str
    client_id: str
    client_secret: str
    requests_per_10s: int
    folder: Path
    first_day: date

    @property
    def lake(self) -> Lake:
        return Lake.open(str(self.folder / "lake"), buckets=1, source="sandbox")


@dataclass(frozen=True)
class Order:
    """`load`: the whole history; `update`: what changed; `reread`: the last days. `now` is the sandbox's present."""

    kind: Literal["load", "update", "reread"]
    now: datetime


@dataclass(frozen=True)
class Done:
    """What an order came to. `why`: why the whole run failed; null: it did not, though connections may have.

    `memory_bytes` is what the process holds when it is done, `open_files` how many files it has open then.
    """

    kind: str
    why: str | None
    rows: int = 0
    failed: int = 0
    requests: int = 0
    retries: int = 0
    memory_bytes: int = 0
    open_files: int = 0


def work(pipe: Connection, place: Place) -> None:
    """Carry out orders until there is none."""
    stamina.instrumentation.set_on_retry_hooks([])
    tempfile.tempdir = str(place.folder / "temp")
    while (order := pipe.recv()) is not None:
        pipe.send(_carried_out(order, place))


def _carried_out(order: Order, place: Place) -> Done:
    try:
        report = asyncio.run(_read(order, place))
    except RutterAssetsError as error:
        return Done(order.kind, str(error), memory_bytes=_memory_bytes(), open_files=_open_files())
    why = _not_computed(order, place, report)
    if why is None:
        place.lake.acknowledge(report.notices)
    return Done(
        order.kind,
        why,
        report.rows,
        len(report.of_kind("failed")),
        report.traffic.requests,
        report.traffic.retries,
        _memory_bytes(),
        _open_files(),
    )


def _not_computed(order: Order, place: Place, report: SyncReport) -> str | None:
    """Compute the marts of what changed, trying as often as Dagster does; why that failed, null: it did not."""
    changed = {day.summary.day for day in report.days if day.is_changed}
    for mart in MARTS.values() if changed else ():
        for tries_left in (2, 1, 0):
            try:
                compute(place.lake, mart, mart.reached_by(changed), order.now.date())
                break
            except LakeError as error:
                if not tries_left:
                    return str(error)
    return None


async def _read(order: Order, place: Place) -> SyncReport:
    pace = MachinePace(place.requests_per_10s, place.base_url)
    secret = SecretStr(place.client_secret)
    client = RutterClient(place.base_url, place.client_id, secret, "2024-08-31", pace, first_wait_s=0.1)
    async with client:
        source = Source(client, order.now)
        if order.kind == "update":
            return await sync_updates(source, place.lake, UpdateRequest(timedelta(hours=2)))
        first = place.first_day if order.kind == "load" else (order.now - NIGHT).date()
        fresh_since = None if order.kind == "load" else order.now
        window = Window.of_days(first, order.now.date())
        return await sync(source, place.lake, SyncRequest(window, place.first_day, fresh_since=fresh_since))


def _memory_bytes() -> int:
    """What is resident now; where the system has no such file, the most that ever was."""
    gc.collect()
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    except FileNotFoundError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _open_files() -> int:
    return len(os.listdir("/dev/fd"))  # noqa: PTH208 - the folder has no meaning as paths

"""The kinds of work as processes of their own, which a test kills and starts again; the clock stands still."""

import asyncio
import multiprocessing
import tempfile
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final, Literal

from pydantic import SecretStr

from rutter_assets.ingest.source import Source
from rutter_assets.ingest.sync import SyncRequest, sync
from rutter_assets.ingest.updates import UpdateRequest, sync_updates
from rutter_assets.lake import layout
from rutter_assets.lake.lake import Lake
from rutter_assets.marts.erasure import erase
from rutter_assets.marts.mart import MARTS, compute
from rutter_assets.marts.warehouse import build
from rutter_assets.rutter.client import RutterClient
from rutter_assets.rutter.pace import ProcessPace
from rutter_assets.rutter.window import Window
from rutter_assets.sandbox import Sandbox

Kind = Literal["load", "update", "marts", "warehouse", "erase", "reread"]

START: Final = date(2026, 9, 1)
BUCKETS: Final = 2

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload([__name__])
"""A process is there in some milliseconds, so a kill hits the work and not the imports."""


@dataclass(frozen=True)
class Job:
    """One piece of work: on which lake, from which sandbox, at which instant; its temporary files go to `temp`.

    `first`: the first day to load; `merchant`: whom to erase.
    """

    kind: Kind
    lake: Path
    sandbox: Sandbox
    now: datetime
    temp: Path
    first: date = START
    merchant: str | None = None

    def start(self) -> BaseProcess:
        """Begin it in a process of its own."""
        self.temp.mkdir(exist_ok=True)
        sandbox = self.sandbox
        api = (sandbox.base_url, sandbox.client_id, sandbox.client_secret)
        process = _processes.Process(
            target=run, args=(self.kind, str(self.lake), api, self.now, self.temp, self.first, self.merchant)
        )
        process.start()
        return process

    def finish(self) -> None:
        """Do it to its end."""
        process = self.start()
        process.join()
        assert process.exitcode == 0


def opened(folder: Path | str) -> Lake:
    """The lake that the jobs work on."""
    return Lake.open(str(folder), buckets=BUCKETS, source="sandbox")


def stored_days(lake: Lake) -> list[date]:
    """The days that have transactions."""
    return sorted({day for path in lake.transaction_files() if (day := layout.day_of(path))})


def run(
    kind: Kind,
    folder: str,
    api: tuple[str, str, str],
    now: datetime,
    temp: Path,
    first: date,
    merchant: str | None = None,
) -> None:
    """The work itself, in this process."""
    tempfile.tempdir = str(temp)
    lake = opened(folder)
    if kind == "marts":
        for mart in MARTS.values():
            compute(lake, mart, stored_days(lake), now.date())
    elif kind == "warehouse":
        build(lake)
    elif kind == "erase":
        erase(lake, merchant or "")
    else:
        asyncio.run(_read(kind, lake, api, now, first))


async def _read(kind: Kind, lake: Lake, api: tuple[str, str, str], now: datetime, first: date) -> None:
    base_url, client_id, secret = api
    client = RutterClient(base_url, client_id, SecretStr(secret), "2024-08-31", ProcessPace(100_000), first_wait_s=0.01)
    async with client:
        source = Source(client, now, lake.erased)
        if kind == "update":
            report = await sync_updates(source, lake, UpdateRequest(timedelta(hours=24)))
        else:
            window, fresh_since = Window.of_days(first, now.date()), now if kind == "reread" else None
            report = await sync(source, lake, SyncRequest(window, START, fresh_since=fresh_since))
    report.raise_for_failures()
    lake.acknowledge(report.notices)

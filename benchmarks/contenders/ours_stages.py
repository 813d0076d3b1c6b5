"""This package without a network, on one core: the bytes of the pages are there, the Parquet of the days is made.

Every stage is called by itself, one after the other in one thread, so that its time is known.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import httpx
import pyarrow as pa
from pydantic import SecretStr

from benchmarks.job import API_VERSION, PAGE_ROWS, VERSION_HEADER, Job
from rutter_assets.errors import Exchange
from rutter_assets.ingest.tabulate import tabulate
from rutter_assets.lake.lake import Lake
from rutter_assets.lake.ledger import StagedWindow
from rutter_assets.lake.staging import PART_ROWS
from rutter_assets.rutter.contract import TRANSACTIONS
from rutter_assets.rutter.decode import Novelties, decode_page
from rutter_assets.rutter.types import Connection
from rutter_assets.rutter.window import Window

PACKAGES = ("rutter-assets", "msgspec", "pyarrow")

_EXCHANGE: Final = Exchange(TRANSACTIONS)
_pages: dict[str, list[bytes]] = {}


def prepare(job: Job) -> None:
    """Fetch the pages, and keep to one core from now on."""
    auth, headers = (job.client_id, job.client_secret), {VERSION_HEADER: API_VERSION}
    with httpx.Client(base_url=job.base_url, auth=auth, headers=headers) as client:
        for account in job.accounts:
            params = {"access_token": account.access_token, "limit": str(PAGE_ROWS), "sort": "asc"}
            bodies = _pages[account.id] = []
            while True:
                response = client.get(TRANSACTIONS, params=params).raise_for_status()
                bodies.append(response.content)
                cursor = response.json()["next_cursor"]
                if cursor is None:
                    break
                params["cursor"] = cursor
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)


def load(job: Job) -> dict[str, float]:
    """Pages to staged files, connection by connection, then one commit; gives the seconds of each stage."""
    lake = Lake.open(str(job.output), buckets=1, source="sandbox")
    window = Window.of_days(job.first_day, job.last_day)
    stages = _Stages()
    for account in job.accounts:
        connection = Connection(account.id, SecretStr(account.access_token), account.platform)
        novelties, buffer, paths, rows = Novelties(), list[pa.Table](), list[str](), 0
        bodies = _pages[account.id]
        for number, body in enumerate(bodies, start=1):
            with stages.timed("decode"):
                page = decode_page(body, _EXCHANGE, novelties)
            with stages.timed("tabulate"):
                buffer.append(tabulate(page, connection, job.now, novelties))
            rows += len(buffer[-1])
            if sum(map(len, buffer)) >= PART_ROWS or number == len(bodies):
                with stages.timed("stage"):
                    paths.append(lake.stage_part(account.id, pa.concat_tables(buffer)))
                buffer.clear()
        with stages.timed("record"):
            staged = StagedWindow(window.start, window.end, job.now, tuple(paths), rows)
            lake.record_staged(account.id, account.platform, staged)
    with stages.timed("commit"):
        lake.commit([account.id for account in job.accounts])
    return stages.seconds


class _Stages:
    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        started_s = time.perf_counter()
        yield
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - started_s

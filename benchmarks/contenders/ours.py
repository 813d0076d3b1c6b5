"""This package: the engine that its assets and its command line call, into a lake of its own."""

import asyncio

from pydantic import SecretStr

from benchmarks.job import API_VERSION, Job
from rutter_assets.ingest.report import SyncReport
from rutter_assets.ingest.source import Source
from rutter_assets.ingest.sync import SyncRequest, sync
from rutter_assets.lake.lake import Lake
from rutter_assets.rutter.client import RutterClient
from rutter_assets.rutter.pace import MachinePace
from rutter_assets.rutter.window import Window

PACKAGES = ("rutter-assets", "httpx", "msgspec", "pyarrow")


def source_of(job: Job) -> Source:
    """The job's server as a source, paced for the whole machine as it is in production."""
    pace = MachinePace(job.requests_per_10s, f"{job.client_id}@{job.base_url}")
    client = RutterClient(job.base_url, job.client_id, SecretStr(job.client_secret), API_VERSION, pace)
    return Source(client, frozen_at=job.now)


def request_of(job: Job) -> SyncRequest:
    """Everything the job asks for, read for the first time."""
    return SyncRequest(Window.of_days(job.first_day, job.last_day), history_start=job.first_day)


def load(job: Job) -> None:
    """Ask which connections there are and whether they are open, read them, commit them by day."""
    lake = Lake.open(str(job.output), buckets=1, source="sandbox")

    async def body() -> SyncReport:
        source = source_of(job)
        async with source.client:
            return await sync(source, lake, request_of(job))

    asyncio.run(body()).raise_for_failures()

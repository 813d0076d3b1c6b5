"""This package: the update that its hourly schedule runs, into the lake that a first load has left."""

import asyncio
from datetime import timedelta

from benchmarks.contenders.ours import source_of
from benchmarks.job import Job
from rutter_assets.ingest.report import SyncReport
from rutter_assets.ingest.updates import UpdateRequest, sync_updates
from rutter_assets.lake.lake import Lake

PACKAGES = ("rutter-assets", "httpx", "msgspec", "pyarrow")


def load(job: Job) -> dict[str, float]:
    """Read what changed since the watermarks and commit it; gives the number of days that changed."""
    lake = Lake.open(str(job.output), buckets=1, source="sandbox")

    async def body() -> SyncReport:
        source = source_of(job)
        async with source.client:
            return await sync_updates(source, lake, UpdateRequest(overlap=timedelta(hours=24)))

    report = asyncio.run(body())
    report.raise_for_failures()
    return {"days changed": len(report.days)}

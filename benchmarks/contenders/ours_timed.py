"""This package: the first load again, telling how long it read, for which the request budget is what counts."""

import asyncio
import time
from collections.abc import Sequence

from benchmarks.contenders.ours import request_of, source_of
from benchmarks.job import Job
from rutter_assets.ingest.progress import Silent, Work
from rutter_assets.ingest.report import SyncReport
from rutter_assets.ingest.sync import sync
from rutter_assets.lake.lake import Lake

PACKAGES = ("rutter-assets", "httpx", "msgspec", "pyarrow")


class _Stopwatch(Silent):
    """The seconds from the first page asked for to the last one read."""

    def planned(self, work: Sequence[Work]) -> None:  # noqa: ARG002 - the protocol's signature
        self.began_at = time.monotonic()

    def committing(self, days: int) -> None:  # noqa: ARG002 - as above
        self.read_s = time.monotonic() - self.began_at


def load(job: Job) -> dict[str, float]:
    """Load everything; gives the seconds of reading."""
    lake = Lake.open(str(job.output), buckets=1, source="sandbox")
    stopwatch = _Stopwatch()

    async def body() -> SyncReport:
        source = source_of(job)
        async with source.client:
            return await sync(source, lake, request_of(job), stopwatch)

    asyncio.run(body()).raise_for_failures()
    return {"read": stopwatch.read_s}

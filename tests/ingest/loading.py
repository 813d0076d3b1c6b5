"""A process that loads everything from a sandbox into a lake: what the kill tests kill.

Run as `python -m tests.ingest.loading BASE_URL LAKE`; the clock stands still, so that two loads can be compared.
"""

import asyncio
import sys
from datetime import date

from pydantic import SecretStr

from rutter_assets.ingest.source import Source
from rutter_assets.ingest.sync import SyncRequest, sync
from rutter_assets.lake.lake import Lake
from rutter_assets.rutter.client import RutterClient
from rutter_assets.rutter.pace import ProcessPace
from rutter_assets.rutter.window import Window
from rutter_assets.sandbox import Clock, Sandbox, World
from tests.conftest import NOW


async def load(base_url: str, folder: str) -> None:
    """Load what is missing."""
    probe = Sandbox(World.of([]), Clock.frozen(NOW))
    client = RutterClient(
        base_url, probe.client_id, SecretStr(probe.client_secret), "2024-08-31", ProcessPace(100_000), first_wait_s=0.01
    )
    lake = Lake.open(folder, buckets=2, source="sandbox")
    first = date(2026, 5, 1)
    async with client:
        report = await sync(Source(client, NOW), lake, SyncRequest(Window.of_days(first, NOW.date()), first))
    lake.acknowledge(report.notices)


if __name__ == "__main__":
    asyncio.run(load(sys.argv[1], sys.argv[2]))

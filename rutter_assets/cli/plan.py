"""`rutter-assets plan`: what a sync would read, without reading it."""

import asyncio
from datetime import timedelta

from rutter_assets.cli import words
from rutter_assets.cli.sync import request_of
from rutter_assets.ingest.merchant import Merchant
from rutter_assets.ingest.source import open_source
from rutter_assets.ingest.sync import SyncRequest, plan_sync
from rutter_assets.lake.lake import Lake
from rutter_assets.settings import Settings


def run(from_: str | None, to: str | None, connection_ids: tuple[str, ...] | None) -> None:
    """Print a line for each connection and the requests of all; the API is asked for statuses only."""
    settings = Settings.from_env()
    request = request_of(settings, from_, to, connection_ids)
    lake = Lake.open(settings.lake, buckets=settings.buckets, source=settings.source)
    merchants = asyncio.run(_plan(settings, lake, request))
    console = words.console()
    figures = ("WINDOWS", "ROWS", "REQUESTS")
    table = words.table("MERCHANT", "GATE", "FROM", "TO", *figures, figures=figures)
    for merchant in sorted(merchants, key=lambda merchant: merchant.name.casefold()):
        gate = "failed" if merchant.gate is None else merchant.gate.kind
        table.add_row(words.printable(merchant.name), gate, *_reads(merchant))
    words.put(console, table)
    total = sum(merchant.expected_requests or len(merchant.windows) for merchant in merchants)
    least_s = total * 10 / settings.requests_per_10s
    console.print(
        f"About {words.counted(total, 'request', 'requests')}, at least {words.duration(timedelta(seconds=least_s))}"
        f" at {settings.requests_per_10s} requests in 10 s. Nothing was read.",
        soft_wrap=True,
    )


async def _plan(settings: Settings, lake: Lake, request: SyncRequest) -> list[Merchant]:
    async with open_source(settings, lake) as source:
        return await plan_sync(source, lake, request)


def _reads(merchant: Merchant) -> list[str]:
    if not merchant.windows:
        return [words.NONE] * 5
    rows = words.NONE if merchant.expected_rows is None else f"~{merchant.expected_rows:,}"
    requests = words.NONE if merchant.expected_requests is None else f"~{merchant.expected_requests:,}"
    first, last = merchant.windows[0].days[0], merchant.windows[-1].days[-1]
    return [str(first), str(last), f"{len(merchant.windows):,}", rows, requests]

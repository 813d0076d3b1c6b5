"""A shop whose history is three pages over a month, a neighbour that nothing happens to, and what reads them."""

import asyncio
from datetime import date, timedelta
from typing import Any

from rutter_assets.ingest.report import Outcome, SyncReport
from rutter_assets.ingest.sync import SyncRequest, sync
from rutter_assets.ingest.updates import UpdateRequest, sync_updates
from rutter_assets.lake.lake import Lake
from rutter_assets.rutter.window import Window
from rutter_assets.sandbox import Fault, Merchant, Sandbox
from tests.conftest import ServeWorld, row, source_of

OCTOBER = Window.of_days(date(2026, 10, 1), date(2026, 11, 1))
ROWS = [row(number, f"2026-10-{3 * number:02d}T10:00:00.000Z") for number in range(1, 9)]
"""One sale each third day from the 3rd to the 24th; a page of these tests holds three."""

SHOP = Merchant.of(ROWS, name="Shop (sample)")
NEIGHBOUR = Merchant.of(ROWS[:2], name="Neighbour (sample)")


def faulty(serve: ServeWorld, *faults: Fault, merchants: tuple[Merchant, ...] = (SHOP, NEIGHBOUR)) -> Sandbox:
    """A sandbox in which this happens to the shop and to nobody else; what needs no token happens as it comes."""
    script = [one if one.path == "/connections" else one.on(connection_id=SHOP.id, after=one.after) for one in faults]
    return serve(*merchants, faults=script)


def read(sandbox: Sandbox, lake: Lake, **options: Any) -> SyncReport:
    """Sync October of everybody."""
    return _run(sandbox, lake, SyncRequest(OCTOBER, OCTOBER.start.date()), options)


def update(sandbox: Sandbox, lake: Lake, **options: Any) -> SyncReport:
    """Read what changed of everybody."""
    return _run(sandbox, lake, UpdateRequest(timedelta(hours=24)), options)


def _run(sandbox: Sandbox, lake: Lake, request: SyncRequest | UpdateRequest, options: dict[str, Any]) -> SyncReport:
    async def body() -> SyncReport:
        source = source_of(sandbox, **{"page_rows": 3, "give_up_after_s": 20.0} | options)
        async with source.client:
            if isinstance(request, UpdateRequest):
                return await sync_updates(source, lake, request)
            return await sync(source, lake, request)

    return asyncio.run(body())


def of_shop(report: SyncReport) -> Outcome:
    """The shop's outcome; the neighbour's must be well."""
    outcomes = {outcome.connection_id: outcome for outcome in report.outcomes}
    assert outcomes[NEIGHBOUR.id].kind == "synced"
    return outcomes[SHOP.id]


def stored(lake: Lake) -> dict[tuple[str, str], dict[str, Any]]:
    """What the lake holds, by connection and id; each once."""
    rows = [item for table in lake.transactions() for item in table.to_pylist()]
    found = {(item["connection_id"], item["id"]): item for item in rows}
    assert len(found) == len(rows)
    return found


def assert_true(lake: Lake, sandbox: Sandbox, *, but: tuple[str, ...] = ()) -> None:
    """The lake holds what the sandbox knows to be true, field by field; `but`: transactions of the shop it has not."""
    expected = {
        (merchant.id, item["id"]): item
        for merchant in sandbox.world.merchants
        for item in sandbox.truth.transactions(merchant.id)
        if merchant.id != SHOP.id or item["id"] not in but
    }
    found = {key: {name: item[name] for name in expected[key]} for key, item in stored(lake).items() if key in expected}
    assert found == expected
    assert stored(lake).keys() == expected.keys()

"""A computer's clock that jumps: no row is lost, and the watermark never runs ahead of the source."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from rutter_assets.ingest.source import Source
from rutter_assets.ingest.sync import SyncRequest, sync
from rutter_assets.ingest.updates import UpdateRequest, sync_updates
from rutter_assets.lake.lake import Lake
from rutter_assets.rutter.window import Window
from rutter_assets.sandbox import Clock, Merchant, Sandbox, given_row
from tests.conftest import NOW, ServeWorld, client_of, row

HOUR = timedelta(hours=1)
START = datetime(2026, 10, 1, tzinfo=UTC)


def iso(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds")


def read(sandbox: Sandbox, lake: Lake, *, by_update: bool, at: datetime | None = None) -> None:
    """One run on a computer whose clock shows `at`; null: what the real one shows."""

    async def body() -> None:
        source = Source(client_of(sandbox), at)
        async with source.client:
            if by_update:
                await sync_updates(source, lake, UpdateRequest(overlap=timedelta()))
            else:
                await sync(source, lake, SyncRequest(Window.of_days(START.date(), source.now().date()), START.date()))

    asyncio.run(body())


def watermark(lake: Lake, sandbox: Sandbox) -> datetime:
    ledger = lake.ledger(sandbox.world.merchants[0].id)
    assert ledger is not None
    assert ledger.watermark is not None
    return ledger.watermark


def stored(lake: Lake) -> dict[str, int]:
    return {item["id"]: int(item["amount"]) for rows in lake.transactions() for item in rows.to_pylist()}


def test_a_clock_that_runs_ahead_of_the_apis_does_not_take_the_watermark_with_it(serve: ServeWorld, lake: Lake) -> None:
    """This computer is two days ahead; once it is right, what changed in these two days is read, without an overlap."""
    now = datetime.now(UTC)
    past = now - timedelta(days=2)
    changed = row(1, "2026-10-30T10:00:00Z", amount=9, updated_at=iso(past + 5 * HOUR))
    new = row(2, iso(past + 6 * HOUR))
    merchant = Merchant.of([given_row(row(1)), given_row(changed), given_row(new)])
    sandbox = serve(merchant, clock=Clock.frozen(past))
    read(sandbox, lake, by_update=False)
    sandbox.clock.set(past + HOUR)
    read(sandbox, lake, by_update=True)
    assert past <= watermark(lake, sandbox) <= past + HOUR + timedelta(seconds=2)
    sandbox.clock.set(now)
    read(sandbox, lake, by_update=True)
    assert stored(lake) == {"transaction-0001": 9, "transaction-0002": 2}


@pytest.mark.parametrize("jumps", [(6, 1, 7), (1, 6, 2, 7), (5, 5, 3, 7)])
def test_a_clock_that_jumps_back_and_forth_loses_no_row(serve: ServeWorld, lake: Lake, jumps: tuple[int, ...]) -> None:
    """The hours that the computer shows, run after run, while at the source it is always seven."""
    rows = [row(n, iso(NOW + n * HOUR)) for n in range(1, 7)]
    sandbox = serve(Merchant.of([row(0), *rows]))
    read(sandbox, lake, by_update=False, at=NOW)
    sandbox.clock.set(NOW + 7 * HOUR)
    for hour in jumps:
        read(sandbox, lake, by_update=True, at=NOW + hour * HOUR)
        assert watermark(lake, sandbox) <= sandbox.clock.now()
    assert stored(lake) == {f"transaction-{n:04d}": n for n in range(7)}

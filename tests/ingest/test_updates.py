"""Updates: what changed since the watermark reaches the day it belongs to, and nothing is asked for twice."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from rutter_assets.ingest.report import SyncReport
from rutter_assets.ingest.snapshot import take_snapshot
from rutter_assets.ingest.sync import SyncRequest, sync
from rutter_assets.ingest.updates import UpdateRequest, sync_updates
from rutter_assets.lake import layout
from rutter_assets.lake.lake import Lake
from rutter_assets.rutter.window import Window
from rutter_assets.sandbox import Merchant, Outage, Sandbox, faults, given_row
from tests.conftest import NOW, ServeWorld, row, source_of

START = date(2025, 1, 1)
HOUR = timedelta(hours=1)
OLD = "2025-09-27T08:00:00.000Z"
"""400 days before the sandbox's present."""


def iso(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def load(sandbox: Sandbox, lake: Lake) -> SyncReport:
    async def body() -> SyncReport:
        source = source_of(sandbox)
        async with source.client:
            return await sync(source, lake, SyncRequest(Window.of_days(START, source.now().date()), START))

    return asyncio.run(body())


def update(
    sandbox: Sandbox, lake: Lake, *, overlap: timedelta = timedelta(hours=24), snapshot: bool = False
) -> SyncReport:
    async def body() -> SyncReport:
        source = source_of(sandbox)
        async with source.client:
            if snapshot:
                taken = await take_snapshot(source)
                lake.write_connections(taken.taken_at, taken.table)
            sandbox.requests.clear()
            return await sync_updates(source, lake, UpdateRequest(overlap))

    return asyncio.run(body())


def stored(lake: Lake) -> dict[str, Any]:
    return {item["id"]: item["amount"] for table in lake.transactions() for item in table.to_pylist()}


def watermark(lake: Lake, sandbox: Sandbox) -> datetime | None:
    ledger = lake.ledger(sandbox.world.merchants[0].id)
    return ledger.watermark if ledger else None


def test_a_change_to_a_day_400_days_ago_rewrites_that_day_and_no_other(serve: ServeWorld, lake: Lake) -> None:
    changed = row(1, OLD, amount=99, updated_at=iso(NOW + HOUR))
    sandbox = serve(
        Merchant.of([given_row(row(1, OLD)), given_row(row(2, OLD)), given_row(changed), given_row(row(3))])
    )
    load(sandbox, lake)
    sandbox.clock.advance(2 * HOUR)
    report = update(sandbox, lake)
    assert [(day.summary.day, day.is_changed) for day in report.days] == [(date(2025, 9, 27), True)]
    assert stored(lake) == {"transaction-0001": 99, "transaction-0002": 2, "transaction-0003": 3}


def test_a_new_row_arrives_and_a_second_update_changes_nothing(serve: ServeWorld, lake: Lake) -> None:
    sandbox = serve(Merchant.of([row(1), row(2, iso(NOW + HOUR))]))
    load(sandbox, lake)
    sandbox.clock.advance(2 * HOUR)
    assert len(update(sandbox, lake).days) == 1
    before = {path: lake.storage.read(path) for path in lake.storage.paths("transactions")}
    assert update(sandbox, lake).days == []
    assert {path: lake.storage.read(path) for path in lake.storage.paths("transactions")} == before


def test_the_watermark_is_the_instant_frozen_at_the_start(serve: ServeWorld, lake: Lake) -> None:
    sandbox = serve(Merchant.of([row(1)]))
    load(sandbox, lake)
    assert watermark(lake, sandbox) == NOW
    sandbox.clock.advance(HOUR)
    update(sandbox, lake)
    assert watermark(lake, sandbox) == NOW + HOUR
    (asked,) = [record.params for record in sandbox.requests if record.path == "/transactions"]
    assert int(asked["updated_at_min"]) == int((NOW - timedelta(hours=24)).timestamp() * 1000)
    assert int(asked["updated_at_max"]) == int((NOW + HOUR).timestamp() * 1000)


def test_a_read_that_fails_leaves_the_watermark_and_the_day_files(serve: ServeWorld, lake: Lake) -> None:
    rows = [given_row(row(1)), given_row(row(1, amount=7, updated_at=iso(NOW + HOUR)))]
    load(serve(Merchant.of(rows)), lake)
    sandbox = serve(Merchant.of(rows), faults=[faults.answer(400)])
    sandbox.clock.advance(2 * HOUR)
    report = update(sandbox, lake)
    assert len(report.of_kind("failed")) == 1
    assert watermark(lake, sandbox) == NOW
    assert stored(lake) == {"transaction-0001": 1}
    update(sandbox, lake)
    assert stored(lake) == {"transaction-0001": 7}


def test_no_transaction_is_asked_for_where_the_source_has_not_synced_since(serve: ServeWorld, lake: Lake) -> None:
    sandbox = serve(Merchant.of([row(1)], sync_period=timedelta(hours=6)))
    load(sandbox, lake)
    sandbox.clock.advance(HOUR)
    report = update(sandbox, lake, snapshot=True)
    assert [record.path for record in sandbox.requests] == ["/connections"]
    assert "Nothing new" in report.outcomes[0].message
    sandbox.clock.advance(6 * HOUR)
    update(sandbox, lake, snapshot=True)
    assert [record.path for record in sandbox.requests] == ["/connections", "/transactions"]


def test_the_watermark_never_passes_the_sources_own_sync(serve: ServeWorld, lake: Lake) -> None:
    """A row of 13:00 that the source brings at 18:00 is found, even without any overlap."""
    late = row(2, iso(NOW + HOUR))
    sandbox = serve(Merchant.of([row(1), late], sync_period=timedelta(hours=6)))
    load(sandbox, lake)
    sandbox.clock.advance(4 * HOUR)
    update(sandbox, lake, snapshot=True, overlap=timedelta())
    assert watermark(lake, sandbox) == NOW
    sandbox.clock.advance(3 * HOUR)
    update(sandbox, lake, snapshot=True, overlap=timedelta())
    assert stored(lake).keys() == {"transaction-0001", "transaction-0002"}


@pytest.mark.parametrize("kind", ["needs_reauth", "disabled"])
def test_a_dark_time_is_read_once_the_merchant_is_back(serve: ServeWorld, lake: Lake, kind: Any) -> None:
    dark = Outage(kind, NOW + HOUR, NOW + timedelta(days=9))
    sandbox = serve(Merchant.of([row(1), row(2, iso(NOW + timedelta(days=2)))], outages=(dark,)))
    load(sandbox, lake)
    for days in (1, 5):
        sandbox.clock.set(NOW + timedelta(days=days))
        report = update(sandbox, lake)
        assert [outcome.kind for outcome in report.outcomes] == [{"needs_reauth": "needs_update"}.get(kind, kind)]
        assert [record.path for record in sandbox.requests] == ["/connections"]
    assert watermark(lake, sandbox) == NOW
    sandbox.clock.set(NOW + timedelta(days=10))
    update(sandbox, lake)
    assert stored(lake).keys() == {"transaction-0001", "transaction-0002"}
    assert watermark(lake, sandbox) == NOW + timedelta(days=10)


def test_a_failing_source_is_read_but_does_not_move_the_watermark(serve: ServeWorld, lake: Lake) -> None:
    sick = Outage("unhealthy", NOW + HOUR, NOW + timedelta(days=9))
    sandbox = serve(Merchant.of([row(1), row(2, iso(NOW + timedelta(days=2)))], outages=(sick,)))
    load(sandbox, lake)
    sandbox.clock.set(NOW + timedelta(days=5))
    update(sandbox, lake)
    assert watermark(lake, sandbox) == NOW
    sandbox.clock.set(NOW + timedelta(days=9, hours=1))
    update(sandbox, lake)
    assert stored(lake).keys() == {"transaction-0001", "transaction-0002"}


def test_a_merchant_whose_history_is_not_loaded_waits(serve: ServeWorld, lake: Lake) -> None:
    report = update(serve(Merchant.of([row(1)])), lake)
    assert [outcome.kind for outcome in report.outcomes] == ["waiting"]
    assert stored(lake) == {}


@pytest.mark.long
def test_two_hundred_small_merchants_cost_one_request_each(serve: ServeWorld, lake: Lake) -> None:
    merchants = [
        Merchant.of(
            [*(row(n, OLD) for n in range(20)), row(3, OLD, amount=5, updated_at=iso(NOW + HOUR))],
            name=f"merchant {number}",
        )
        for number in range(200)
    ]
    sandbox = serve(*merchants, requests_per_10s=100_000)
    load(sandbox, lake)
    sandbox.clock.advance(2 * HOUR)
    report = update(sandbox, lake)
    assert report.rows == 200
    assert len(sandbox.requests) <= 1.1 * 200


@pytest.mark.long
def test_updates_over_time_end_in_the_truth(serve: ServeWorld, lake: Lake) -> None:
    from rutter_assets.sandbox import World

    sandbox = serve(world=World.demo(seed=5, epoch=NOW), requests_per_10s=100_000)
    load(sandbox, lake)
    for hours in (1, 30, 24 * 6):
        sandbox.clock.advance(timedelta(hours=hours))
        report = update(sandbox, lake)
    loaded = [outcome.connection_id for outcome in report.of_kind("synced")]
    expected = {
        (connection_id, item["id"]): (item["updated_at"], item["status"], item["fee"])
        for connection_id in loaded
        for item in sandbox.truth.transactions(connection_id, datetime(2025, 1, 1, tzinfo=UTC))
    }
    found = {
        (item["connection_id"], item["id"]): (item["updated_at"], item["status"], item["fee"])
        for table in lake.transactions()
        for item in table.to_pylist()
    }
    assert len(loaded) >= 9
    assert found == expected


def test_a_broken_ledger_is_its_connections_outcome_alone(serve: ServeWorld, lake: Lake) -> None:
    merchants = [Merchant.of([row(n), row(n + 1, iso(NOW + HOUR))], name=f"merchant {n}") for n in (1, 5)]
    sandbox = serve(*merchants)
    load(sandbox, lake)
    lake.storage.write(layout.ledger(merchants[0].id), b"{")
    sandbox.clock.advance(2 * HOUR)
    for report in (load(sandbox, lake), update(sandbox, lake)):
        assert {one.name: one.kind for one in report.outcomes} == {"merchant 1": "failed", "merchant 5": "synced"}
    assert "transaction-0006" in stored(lake)

"""Runs at the same time, in processes of their own: each ends well, and the lake is as if one had done it all."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from rutter_assets.lake.lake import Lake
from rutter_assets.sandbox import Merchant, Sandbox, World, given_row
from tests.chaos.test_kill import contents, figures, leftovers
from tests.chaos.work import Job, Kind, opened
from tests.conftest import NOW, ServeWorld, row

pytestmark = pytest.mark.chaos

LATER = NOW + timedelta(hours=3)


@pytest.fixture
def sandbox(serve: ServeWorld) -> Sandbox:
    """Three merchants whose rows change every hour, and one whose rows move to other days."""
    bulk = World.bulk(epoch=NOW, merchants=3, rows=400, days=8, changes_per_hour=0.05)
    moved_at = (NOW + timedelta(hours=1)).isoformat()
    moved = [
        given_row(one)
        for n in range(20)
        for one in (
            row(n, f"2026-10-{24 + n % 4:02d}T10:00:00Z"),
            row(n, f"2026-10-{28 + n % 4:02d}T10:00:00Z", updated_at=moved_at),
        )
    ]
    return serve(world=World.of([*bulk.merchants, Merchant.of(moved, name="mover")]), requests_per_10s=100_000)


@pytest.fixture
def job(sandbox: Sandbox, tmp_path: Path) -> Job:
    """The first load; `replace` makes other jobs on the same lake of it."""
    return Job("load", tmp_path / "lake", sandbox, NOW, tmp_path / "temp")


def together(job: Job, *kinds: Kind) -> list[int | None]:
    """Start them all, wait for all; the exit codes."""
    processes = [replace(job, kind=kind).start() for kind in kinds]
    for process in processes:
        process.join()
    return [process.exitcode for process in processes]


def assert_truth(lake: Lake, sandbox: Sandbox) -> None:
    """The lake holds what the API has, each transaction once."""
    names = ("connection_id", "id", "created_at", "updated_at", "amount")

    def told(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
        return sorted(tuple(one[name] for name in names) for one in rows)

    stored = [one for rows in lake.transactions() for one in rows.to_pylist()]
    assert told(stored) == told(
        [one for merchant in sandbox.world.merchants for one in sandbox.truth.transactions(merchant.id)]
    )


def test_loads_of_the_same_days_and_merchants_at_once_end_in_the_truth(job: Job) -> None:
    assert together(job, "load", "load", "load") == [0, 0, 0]
    assert_truth(opened(job.lake), job.sandbox)
    assert leftovers(job) == []


def test_reads_by_day_and_by_update_at_once_end_in_the_truth(job: Job) -> None:
    job.finish()
    for hours in (3, 6):
        now = NOW + timedelta(hours=hours)
        job.sandbox.clock.set(now)
        assert together(replace(job, now=now), "reread", "update", "reread", "update") == [0, 0, 0, 0]
        assert_truth(opened(job.lake), job.sandbox)
    assert leftovers(job) == []


def test_marts_at_once_and_warehouses_at_once_end_as_one_does(job: Job) -> None:
    job.finish()
    assert together(job, "marts", "marts") == [0, 0]
    marts = contents(job.lake)
    replace(job, kind="marts").finish()
    assert contents(job.lake) == marts
    assert together(job, "warehouse", "warehouse") == [0, 0]
    published = figures(job.lake)
    replace(job, kind="warehouse").finish()
    assert figures(job.lake) == published
    assert leftovers(job) == []


def test_an_erasure_beside_running_work_leaves_nothing_of_the_merchant(job: Job) -> None:
    merchant = job.sandbox.world.merchants[0].id
    job = replace(job, merchant=merchant)
    before: tuple[Kind, ...] = ("load", "marts", "warehouse")
    for kind in before:
        replace(job, kind=kind).finish()
    job.sandbox.clock.set(LATER)
    job = replace(job, now=LATER)
    codes = together(job, "erase", "reread", "update", "marts", "warehouse")
    assert codes[0] == 0  # the others may have been sent away with a sentence
    assert merchant not in str(contents(job.lake) | figures(job.lake))
    after: tuple[Kind, ...] = ("update", "marts", "warehouse")
    for kind in after:
        replace(job, kind=kind).finish()
    assert merchant not in str(contents(job.lake) | figures(job.lake))
    assert leftovers(job) == []

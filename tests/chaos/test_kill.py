"""Work that is killed at any moment is healed by the next run, and ends as work does that was not killed."""

import json
import os
import random
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from rutter_assets.lake import erased, layout
from rutter_assets.lake.lake import Lake
from rutter_assets.marts.catalogue import catalogue
from rutter_assets.marts.tables import PUBLISHED, RESTATEMENTS
from rutter_assets.sandbox import Merchant, Sandbox, World, given_row
from tests.chaos.work import Job, Kind, opened
from tests.conftest import NOW, ServeWorld, row

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(3600)]

KILLS = int(os.environ.get("KILLS", "20"))
SHARES: dict[Kind, float] = {"load": 0.35, "update": 0.25, "marts": 0.15, "warehouse": 0.1, "erase": 0.15}
LATER = NOW + timedelta(hours=3)

Contents = dict[str, object]


@pytest.fixture
def sandbox(serve: ServeWorld) -> Sandbox:
    """Six merchants whose rows change every hour, and one whose rows move to other days."""
    bulk = World.bulk(epoch=NOW, merchants=6, rows=1_000, days=30, changes_per_hour=0.01)
    moved_at = (NOW + timedelta(hours=1)).isoformat()
    moved = [
        given_row(one)
        for n in range(40)
        for one in (
            row(n, f"2026-10-{2 + n % 15:02d}T10:00:00Z"),
            row(n, f"2026-10-{17 + n % 15:02d}T10:00:00Z", updated_at=moved_at),
        )
    ]
    return serve(world=World.of([*bulk.merchants, Merchant.of(moved, name="mover")]), requests_per_10s=100_000)


@pytest.fixture
def job(sandbox: Sandbox, tmp_path: Path) -> Job:
    return Job("load", tmp_path / "whole", sandbox, NOW, tmp_path / "temp")


def contents(folder: Path) -> Contents:
    """Every file that two lakes of the same rows share to the byte; of a ledger all but how its last sync ended.

    When a figure was first known is each lake's own, and so is what is kept to read less next time.
    """
    files = {str(file.relative_to(folder)): file for file in folder.rglob("*") if file.is_file()}
    left_out = ("_staging/locks/", layout.KEPT, layout.WAREHOUSE, layout.RESTATEMENTS, erased.PATH)
    found: Contents = {name: file.read_bytes() for name, file in files.items() if not name.startswith(left_out)}
    for name in [name for name in found if name.startswith(layout.LEDGER)]:
        found[name] = json.loads(files[name].read_text()) | {"last_outcome": None}
    return found


def figures(folder: Path) -> Contents:
    """Every row of every table of the warehouse, but for when a figure was known."""
    with duckdb.connect(folder / layout.WAREHOUSE, read_only=True) as file:
        names = [entry.name for entry in catalogue() if entry.table not in (PUBLISHED, RESTATEMENTS)]
        return {name: file.table(name).to_arrow_table().to_pylist() for name in names}


def killed(job: Job, seen: Callable[[Path], Contents], begun: Path | None = None) -> None:
    """Kill the job, three times a lake, then let it end; hold what it leaves beside what an undisturbed one leaves."""

    def made(name: str) -> Job:
        folder = job.lake.parent / name
        if begun is not None:
            shutil.copytree(begun, folder)
        return replace(job, lake=folder)

    whole = made("undisturbed")
    started = time.monotonic()
    whole.finish()
    undisturbed_s = time.monotonic() - started
    expected = seen(whole.lake)
    chance = random.Random(f"20261101 {job.kind}")
    kills, lakes = 0, 0
    while kills < max(1, round(KILLS * SHARES[job.kind])):
        lakes += 1
        one = made(f"killed-{lakes}")
        for _ in range(3):
            process = one.start()
            time.sleep(chance.uniform(0.0, 0.9) * undisturbed_s)
            process.kill()
            process.join()
            kills += process.exitcode != 0
        one.finish()
        assert seen(one.lake) == expected
        assert leftovers(one) == []
        shutil.rmtree(one.lake)


def leftovers(job: Job) -> list[str]:
    """Every file that should not be there once a run has ended."""
    files = [file for folder in (job.lake, job.temp) for file in folder.rglob("*") if file.is_file()]
    known = ("/_staging/locks/", f"/{layout.KEPT}/")
    temporary = [str(file) for file in files if "_staging" in file.parts or file.is_relative_to(job.temp)]
    return [name for name in temporary if not any(part in name for part in known)] + [
        str(file) for file in files if file.suffix in (".wal", ".tmp")
    ]


def test_a_load_killed_at_random_moments_ends_in_the_same_bytes_and_in_the_truth(job: Job) -> None:
    killed(job, contents)
    lake = opened(job.lake.parent / "undisturbed")
    found = {(item["connection_id"], item["id"]) for rows in lake.transactions() for item in rows.to_pylist()}
    assert found == {
        (merchant.id, item["id"])
        for merchant in job.sandbox.world.merchants
        for item in job.sandbox.truth.transactions(merchant.id)
    }


def test_an_update_killed_at_random_moments_ends_in_the_same_bytes_and_in_the_truth(job: Job) -> None:
    job.finish()
    job.sandbox.clock.set(LATER)
    killed(replace(job, kind="update", now=LATER), contents, begun=job.lake)
    lake = opened(job.lake.parent / "undisturbed")
    found = [(item["connection_id"], item["id"], item["updated_at"]) for item in _rows(lake)]
    assert sorted(found) == sorted(
        (merchant.id, item["id"], item["updated_at"])
        for merchant in job.sandbox.world.merchants
        for item in job.sandbox.truth.transactions(merchant.id)
    )


def test_marts_killed_at_random_moments_end_in_the_same_bytes(job: Job) -> None:
    job.finish()

    def marts(folder: Path) -> Contents:
        return {name: content for name, content in contents(folder).items() if name.startswith("marts/")}

    killed(replace(job, kind="marts"), marts, begun=job.lake)


def test_a_warehouse_killed_at_random_moments_ends_in_the_same_figures(job: Job) -> None:
    job.finish()
    replace(job, kind="marts").finish()
    killed(replace(job, kind="warehouse"), figures, begun=job.lake)


def test_an_erasure_killed_at_random_moments_ends_without_the_merchant(job: Job) -> None:
    job.finish()
    replace(job, kind="marts").finish()
    replace(job, kind="warehouse").finish()
    merchant = job.sandbox.world.merchants[0].id

    def seen(folder: Path) -> Contents:
        found = contents(folder) | figures(folder)
        record = [pq.ParquetFile(file).read() for file in (folder / layout.RESTATEMENTS).rglob("*.parquet")]
        assert merchant not in str(found) + str([table.to_pylist() for table in record])
        assert not (folder / layout.KEPT).exists()
        return found

    killed(replace(job, kind="erase", merchant=merchant), seen, begun=job.lake)


def test_a_restart_repeats_no_window_that_was_on_disk(serve: ServeWorld, tmp_path: Path) -> None:
    world = World.bulk(epoch=NOW, merchants=1, rows=60_000, days=90)
    sandbox = serve(world=world, requests_per_10s=100_000, latency_ms=100)
    job = Job("load", tmp_path / "lake", sandbox, NOW, tmp_path / "temp")
    process = job.start()
    lake = opened(job.lake)
    while not ((ledger := lake.ledger(world.merchants[0].id)) and ledger.staged):
        time.sleep(0.01)
    process.kill()
    process.join()
    recorded = lake.ledger(world.merchants[0].id)
    assert recorded is not None
    sandbox.requests.clear()
    job.finish()
    asked = [int(r.params["created_at_min"]) for r in sandbox.requests if r.path == "/transactions"]
    for window in recorded.staged:
        bounds = (window.start, min(window.end, window.read_at))
        start_ms, end_ms = (int(instant.timestamp() * 1000) for instant in bounds)
        assert not [since for since in asked if start_ms <= since < end_ms - 1]


def _rows(lake: Lake) -> list[dict[str, Any]]:
    return [item for rows in lake.transactions() for item in rows.to_pylist()]

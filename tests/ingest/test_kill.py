"""A load that is killed at any moment goes on where it was, and ends in the same bytes as one that was not."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rutter_assets.lake import layout
from rutter_assets.lake.lake import Lake
from rutter_assets.sandbox import Sandbox, World
from tests.conftest import NOW, ServeWorld

pytestmark = pytest.mark.chaos

KILLS = int(os.environ.get("KILLS", "20"))


def start(sandbox: Sandbox, folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "tests.ingest.loading", sandbox.base_url, str(folder)])


def contents(folder: Path) -> dict[str, object]:
    """Every file of the lake but the locks; of a ledger everything but how its last sync ended."""
    files = {str(file.relative_to(folder)): file for file in folder.rglob("*") if file.is_file()}
    found: dict[str, object] = {name: file.read_bytes() for name, file in files.items() if "/locks/" not in name}
    for name in [name for name in found if name.startswith(layout.LEDGER)]:
        found[name] = json.loads(files[name].read_text()) | {"last_outcome": None}
    return found


@pytest.mark.timeout(600)
def test_a_load_killed_at_random_moments_ends_in_the_same_bytes(serve: ServeWorld, tmp_path: Path) -> None:
    world = World.bulk(epoch=NOW, merchants=6, rows=1_500, days=60)
    sandbox = serve(world=world, requests_per_10s=100_000)
    started = time.monotonic()
    assert start(sandbox, tmp_path / "whole").wait() == 0
    undisturbed_s = time.monotonic() - started
    requests = len(sandbox.requests)
    expected = contents(tmp_path / "whole")

    sandbox.requests.clear()
    chance = random.Random(20261101)
    kills, lakes = 0, 0
    while kills < KILLS:
        lakes += 1
        folder = tmp_path / f"killed-{lakes}"
        for _ in range(3):
            process = start(sandbox, folder)
            time.sleep(chance.uniform(0.3, 1.0) * undisturbed_s)
            process.send_signal(signal.SIGKILL)
            kills += process.wait() == -signal.SIGKILL
        assert start(sandbox, folder).wait() == 0
        assert contents(folder) == expected
        assert list((folder / layout.STAGING).rglob("*.arrow")) == []
    assert len(sandbox.requests) < requests * (kills + lakes)


def test_a_restart_repeats_no_window_that_was_on_disk(serve: ServeWorld, tmp_path: Path) -> None:
    world = World.bulk(epoch=NOW, merchants=1, rows=60_000, days=180)
    sandbox = serve(world=world, requests_per_10s=100_000, latency_ms=100)
    process = start(sandbox, tmp_path)
    lake = Lake.open(str(tmp_path), buckets=2, source="sandbox")
    while not ((ledger := lake.ledger(world.merchants[0].id)) and ledger.staged):
        time.sleep(0.01)
    process.kill()
    process.wait()
    recorded = lake.ledger(world.merchants[0].id)
    assert recorded is not None
    sandbox.requests.clear()
    assert start(sandbox, tmp_path).wait() == 0
    asked = [int(r.params["created_at_min"]) for r in sandbox.requests if r.path == "/transactions"]
    for window in recorded.staged:
        start_ms, end_ms = (int(instant.timestamp() * 1000) for instant in (window.start, window.end))
        assert not [since for since in asked if start_ms <= since < end_ms - 1]

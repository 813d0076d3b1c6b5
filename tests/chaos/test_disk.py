"""A disk that refuses: the user reads one sentence, no half file stays, and the run after the mend heals."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rutter_assets.sandbox import Clock, World
from tests.chaos.refused import LATER
from tests.chaos.test_kill import contents, figures
from tests.chaos.work import Job
from tests.conftest import NOW, ServeWorld

pytestmark = pytest.mark.chaos

MENDS = {
    "full": "No space left on device): free space on its disk, and run again",
    "limited": "File too large): free space on its disk, and run again",
    "forbidden": "Permission denied): give a folder of your own, or give this user the right to write in it, and run",
}

WORLD = World.bulk(epoch=NOW, merchants=2, rows=1_000, days=6, changes_per_hour=0.02)


def mounted(command: list[str], folder: Path) -> list[str]:
    """The command with a disk of a few MB of its own on the folder, which is gone when the command ends."""
    script = 'mount -t tmpfs -o size=8m tmpfs "$0" && exec "$@"'
    return ["unshare", "--mount", "sh", "-c", script, str(folder), *command]


@pytest.mark.parametrize("way", ["full", "limited", "forbidden"] if os.getuid() == 0 else ["limited", "forbidden"])
def test_what_a_disk_refuses_is_one_sentence_and_the_next_run_heals(
    serve: ServeWorld, tmp_path: Path, way: str
) -> None:
    """Only root may mount a full disk; for others the limit of a file's length plays it."""
    before, after = (serve(world=WORLD, clock=Clock.frozen(now), requests_per_10s=100_000) for now in (NOW, LATER))
    whole = Job("load", tmp_path / "whole", before, NOW, tmp_path / "temp")
    whole.finish()
    for kind in ("update", "marts", "warehouse"):
        Job(kind, whole.lake, after, LATER, whole.temp).finish()

    place, out = tmp_path / "place", tmp_path / "out"
    place.mkdir()
    command = [sys.executable, "-m", "tests.chaos.refused", way, str(place), str(out), before.base_url]
    command += [before.client_id, before.client_secret, after.base_url]
    if way == "full":
        command = mounted(command, place)
    elif way == "forbidden" and os.getuid() == 0:
        command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *command]  # then modes hold for root too
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert [line.split(":")[0] for line in said] == ["load", "update", "marts", "warehouse"]
    for line in said:
        assert MENDS[way] in line
        assert "RUTTER_LAKE" in line
    assert contents(out) == contents(whole.lake)
    assert figures(out) == figures(whole.lake)

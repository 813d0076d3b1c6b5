"""`rutter-assets erase`, as a user runs it."""

import os
import pty
import subprocess
from pathlib import Path

import pytest

from rutter_assets.sandbox import Merchant
from tests.cli.command import COMMAND, files, pointed_at, run, surroundings
from tests.conftest import ServeWorld, row

DAY = "2025-10-22T08:00:00.000Z"


@pytest.fixture
def env(serve: ServeWorld, tmp_path: Path) -> dict[str, str]:
    """Of a lake with two merchants, Alder and Birch."""
    sandbox = serve(
        Merchant.of([row(1, DAY)], name="Alder", id="alder"), Merchant.of([row(1, DAY)], name="Birch", id="birch")
    )
    env = pointed_at(sandbox, tmp_path)
    assert run("sync", env=env).exit_code == 0
    return env


def test_an_erasure_prints_the_proof_and_a_sync_does_not_undo_it(env: dict[str, str], tmp_path: Path) -> None:
    assert run("report", env=env).exit_code == 0
    assert b"Alder" in (tmp_path / "report.html").read_bytes()
    result = run("erase", "--connection", "alder", "--yes", env=env)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    before, after = lines[lines.index("transactions") + 1 : lines.index("transactions") + 3]
    assert before.startswith("  before  1 file, 2 rows, 1 of the merchant, SHA-256 ")
    assert after.startswith("  after   1 file, 1 row, 0 of the merchant, SHA-256 ")
    assert before.split()[-1] != after.split()[-1]
    assert "none is left in the lake" in lines[-1]
    for command in (["sync"], ["sync", "--updates"]):
        result = run(*command, env=env)
        assert (result.exit_code, "Alder" in result.output) == (0, False)
    assert not [path for path, content in files(tmp_path).items() if "alder" in path or b"alder" in content]
    page = (tmp_path / "report.html").read_bytes()
    assert (b"Birch" in page, b"Alder" in page) == (True, False)
    assert "erased" in run("sync", "--connection", "alder", env=env).stderr
    assert run("resync", "--connection", "alder", env=env).exit_code == 0
    assert (tmp_path / "ledger" / "alder.json").exists()


def test_nothing_is_erased_without_a_yes(env: dict[str, str], tmp_path: Path) -> None:
    before = files(tmp_path)
    result = run("erase", "--connection", "alder", env=env)
    assert (result.exit_code, "give --yes" in result.stderr) == (2, True)
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, "erase", "--connection", "alder"], env=surroundings(env), stdin=theirs, stderr=subprocess.PIPE
    ) as asking:
        os.write(ours, b"n\n")
        _, said = asking.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert (asking.returncode, b"nothing was erased" in said) == (130, True)
    assert {path: content for path, content in files(tmp_path).items() if "/locks/" not in path} == {
        path: content for path, content in before.items() if "/locks/" not in path
    }


def test_an_id_that_was_mistyped_is_a_setting_error(env: dict[str, str]) -> None:
    result = run("erase", "--connection", "adler", "--yes", env=env)
    assert result.exit_code == 2
    assert "--connection names adler, of which nothing is in the lake" in result.stderr

"""The command as a user runs it: in this process where only its words matter, in one of its own where start-up does."""

import os
import pty
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

from typer.testing import CliRunner, Result

from rutter_assets.cli import app
from rutter_assets.sandbox import Sandbox

NOW: Final = datetime(2025, 11, 2, 12, tzinfo=UTC)
"""A Sunday noon at which the embedded sandbox stands still; its world was made then, too."""

COMMAND: Final = (sys.executable, "-c", "from rutter_assets.cli import main; main()")


def embedded(lake: Path, start: str = "2025-10-20", **settings: str) -> dict[str, str]:
    """The environment of a command that hosts its own sandbox."""
    return {
        "RUTTER_LAKE": str(lake),
        "RUTTER_START_DATE": start,
        "RUTTER_SANDBOX_CLOCK": NOW.isoformat(),
        "RUTTER_REQUESTS_PER_10S": "100000",
        **settings,
    }


def pointed_at(sandbox: Sandbox, lake: Path, start: str = "2025-10-20", **settings: str) -> dict[str, str]:
    """The environment of a command that takes a running sandbox for the API."""
    return {
        "RUTTER_LAKE": str(lake),
        "RUTTER_START_DATE": start,
        "RUTTER_BASE_URL": sandbox.base_url,
        "RUTTER_CLIENT_ID": sandbox.client_id,
        "RUTTER_CLIENT_SECRET": sandbox.client_secret,
        "RUTTER_REQUESTS_PER_10S": "100000",
        **settings,
    }


def run(*arguments: str, env: Mapping[str, str]) -> Result:
    """The command in this process."""
    return CliRunner().invoke(app, arguments, env=env, prog_name="rutter-assets")


def run_apart(*arguments: str, env: Mapping[str, str], cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    return subprocess.run(
        [*COMMAND, *arguments], env=surroundings(env), cwd=cwd, capture_output=True, text=True, timeout=60
    )


def surroundings(env: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process: this one's without its settings, and the given ones."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("RUTTER_", "DAGSTER_"))}
    return ours | dict(env)


def on_a_terminal(*arguments: str, env: dict[str, str]) -> str:
    """What the command shows on a terminal of 80 columns."""
    ours, theirs = pty.openpty()
    size = {"COLUMNS": "80", "LINES": "40", "TERM": "xterm"}
    with subprocess.Popen(
        [*COMMAND, *arguments], env=surroundings(env) | size, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        shown = b""
        try:
            while piece := os.read(ours, 65_536):
                shown += piece
        except OSError:  # Linux says so when the other side has closed
            pass
        process.wait(30)
    os.close(ours)
    assert process.returncode == 0, shown.decode()
    return shown.decode()


def files(folder: Path) -> dict[str, bytes]:
    """Every file below the folder, by its path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def exact(value: Decimal) -> str:
    """A decimal as its digits, without trailing zeros, so that equal amounts have equal texts."""
    return f"{value:f}".rstrip("0").rstrip(".") if "." in f"{value:f}" else f"{value:f}"

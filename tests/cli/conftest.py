"""One lake that the command has filled, for the tests that only look at it; and the truth about it."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import Result

from rutter_assets.ingest.source import REPLAY
from rutter_assets.sandbox import Clock, Truth, World
from tests.cli.command import NOW, embedded, run


@pytest.fixture(scope="session")
def world() -> World:
    """The world that the embedded sandbox hosts for a lake made at `NOW`."""
    return World.demo(seed=7, epoch=NOW, replay=REPLAY)


@pytest.fixture(scope="session")
def truth(world: World) -> Truth:
    """What a client of it should find at `NOW`."""
    return Truth(world, Clock.frozen(NOW), world.shelves())


@dataclass(frozen=True)
class Synced:
    """A lake, what the command printed while it filled it, and the environment it ran in."""

    lake: Path
    env: dict[str, str]
    result: Result


@pytest.fixture(scope="session")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Synced:
    """A lake after its first `rutter-assets sync`. Do not write to it."""
    lake = tmp_path_factory.mktemp("synced") / "lake"
    env = embedded(lake)
    return Synced(lake, env, run("sync", env=env))

"""A running demo, shared because it is only read, and a way to serve given merchants."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rutter_assets.sandbox import Clock, Merchant, Sandbox, World

from .caller import Caller

EPOCH = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
REPLAY = Path(__file__).parents[2] / "data" / "online_retail_transactions.jsonl.gz"


@pytest.fixture(scope="session")
def epoch() -> datetime:
    return EPOCH


@pytest.fixture(scope="session")
def replay() -> Path:
    return REPLAY


@pytest.fixture(scope="session")
def demo() -> Iterator[Sandbox]:
    """The demo at its epoch, with the replay. Do not move its clock."""
    world = World.demo(seed=7, epoch=EPOCH, replay=REPLAY)
    with Sandbox(world, Clock.frozen(EPOCH), requests_per_10s=100_000) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def demo_caller(demo: Sandbox) -> Iterator[Caller]:
    with Caller(demo) as caller:
        yield caller


@pytest.fixture
def clock() -> Clock:
    return Clock.frozen(EPOCH)


@pytest.fixture
def serve(clock: Clock) -> Iterator[Callable[..., Caller]]:
    """Serves given merchants by `clock` until the test ends, and gives a caller."""
    with ExitStack() as running:

        def start(*merchants: Merchant) -> Caller:
            sandbox = running.enter_context(Sandbox(World.of(merchants), clock))
            return running.enter_context(Caller(sandbox))

        yield start


@pytest.fixture(scope="session")
def named(demo: Sandbox) -> Callable[[str], Merchant]:
    """The demo's merchant whose name begins so."""
    return lambda name: next(merchant for merchant in demo.world.merchants if merchant.name.startswith(name))

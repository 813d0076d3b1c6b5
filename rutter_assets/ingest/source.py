"""Whom a sync reads from: the Rutter API when credentials are set, else the sandbox hosted in this process."""

import atexit
from collections.abc import AsyncIterator, Container
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final

import msgspec
from pydantic import SecretStr

from rutter_assets.errors import NOT_JSON, LakeError, SettingError
from rutter_assets.lake.lake import Lake
from rutter_assets.rutter.client import RutterClient
from rutter_assets.rutter.pace import MachinePace, ProcessPace
from rutter_assets.rutter.types import Connection
from rutter_assets.sandbox import Clock, Sandbox, World
from rutter_assets.settings import Settings

REPLAY: Final = Path(__file__).parents[2] / "data" / "online_retail_transactions.jsonl.gz"
"""The real transactions that the sandbox replays as one of its merchants, where the checkout has them."""

_WORLD: Final = "sandbox.json"


class WorldFacts(msgspec.Struct, frozen=True):
    """Which sandbox world a lake belongs to: kept in the lake, so that every process hosts the same one."""

    seed: int
    epoch: datetime


@dataclass(frozen=True)
class Source:
    """An API to read from.

    `frozen_at` is the instant at which a sandbox's world stands still; null: time passes. `erased`: the connections
    that the lake must not hold any more, whatever the API lists.
    """

    client: RutterClient
    frozen_at: datetime | None = None
    erased: Container[str] = ()

    async def connections(self) -> list[Connection]:
        """All connections that the API lists, without the erased ones."""
        return [one for one in await self.client.connections() if one.id not in self.erased]

    def now(self) -> datetime:
        """The present, no later than the source has it."""
        return self.frozen_at or self.client.clock.now()


@asynccontextmanager
async def open_source(settings: Settings, lake: Lake) -> AsyncIterator[Source]:
    """The source that the settings name, open for as long as the block runs."""
    if settings.client_id is not None and settings.client_secret is not None:
        pace = MachinePace(settings.requests_per_10s, f"{settings.client_id}@{settings.base_url}")
        client = RutterClient(settings.base_url, settings.client_id, settings.client_secret, settings.api_version, pace)
        async with client:
            yield Source(client, erased=lake.erased)
        return
    sandbox = embedded_sandbox(settings, lake)
    client = RutterClient(
        sandbox.base_url,
        sandbox.client_id,
        SecretStr(sandbox.client_secret),
        settings.api_version,
        ProcessPace(settings.requests_per_10s),
    )
    async with client:
        yield Source(client, settings.sandbox_clock, lake.erased)


def embedded_sandbox(settings: Settings, lake: Lake) -> Sandbox:
    """The sandbox in this process that hosts the lake's world; started once and kept until the process ends."""
    world = world_of(lake, settings)
    return _running_sandbox(world.seed, world.epoch, settings.sandbox_clock)


def world_of(lake: Lake, settings: Settings) -> WorldFacts:
    """The world that the lake belongs to, made on first use; another one than the settings name is a `SettingError`."""
    new = WorldFacts(settings.sandbox_seed, settings.sandbox_clock or datetime.now(UTC))
    lake.storage.change(_WORLD, lambda old: old or msgspec.json.encode(new) + b"\n")
    try:
        world = msgspec.json.decode(lake.storage.read(_WORLD) or b"", type=WorldFacts)
    except NOT_JSON:
        raise LakeError(f"{_WORLD} in RUTTER_LAKE is broken: remove the folder and start a new demo.") from None
    if world.seed != settings.sandbox_seed:
        raise SettingError(
            f"RUTTER_SANDBOX_SEED is {settings.sandbox_seed}, but this lake holds the world of seed {world.seed}:"
            " set that seed, or RUTTER_LAKE to another folder."
        )
    return world


@cache
def _running_sandbox(seed: int, epoch: datetime, frozen_at: datetime | None) -> Sandbox:
    clock = Clock.wall() if frozen_at is None else Clock.frozen(frozen_at)
    world = World.demo(seed=seed, epoch=epoch, replay=REPLAY if REPLAY.is_file() else None)
    sandbox = Sandbox(world, clock).__enter__()
    atexit.register(sandbox.__exit__, None, None, None)
    return sandbox

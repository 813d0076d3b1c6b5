"""What holds a secret does not show it: neither the object itself nor a dump of its attributes."""

import asyncio
import pickle
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from pydantic import ValidationError

from rutter_assets.defs.resources import resources_of
from rutter_assets.errors import SettingError
from rutter_assets.ingest.attention import attention_of
from rutter_assets.ingest.merchant import Merchant
from rutter_assets.ingest.read import Reader
from rutter_assets.ingest.snapshot import take_snapshot
from rutter_assets.ingest.source import open_source
from rutter_assets.lake.lake import Lake
from rutter_assets.sandbox import Clock, Sandbox
from rutter_assets.settings import Settings
from tests.secrets import canary
from tests.secrets.conftest import NOW, world
from tests.wire import Wire


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    monkeypatch.setenv("RUTTER_CLIENT_ID", "sandbox-client-id")
    monkeypatch.setenv("RUTTER_CLIENT_SECRET", canary.SECRET)
    monkeypatch.setenv("RUTTER_LAKE", str(tmp_path / "lake"))
    return Settings.from_env()


def shown(*objects: object) -> bytes:
    """What `print` and a dump of attributes make of them."""
    return "\n".join(f"{one} {one!r} {vars(one) if hasattr(one, '__dict__') else ''}" for one in objects).encode()


def test_settings_show_no_secret(settings: Settings) -> None:
    assert not canary.SECRETS.search(shown(settings) + settings.model_dump_json().encode())


def test_settings_that_are_wrong_show_no_secret(settings: Settings) -> None:
    """Pydantic prints what it was given, which for the settings as a whole is the environment."""
    wrong: dict[str, Any]
    for wrong in ({"client_id": None}, {"base_url": "ftp://" + canary.SECRET}, {"client_secret": [canary.SECRET]}):
        with pytest.raises(ValidationError) as caught:
            Settings(**wrong)
        assert not canary.SECRETS.search(f"{caught.value} {caught.value!r}".encode())


def test_a_setting_error_shows_no_secret(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RUTTER_CLIENT_ID")
    with pytest.raises(SettingError, match="RUTTER_CLIENT_ID is missing") as caught:
        Settings.from_env()
    assert not canary.SECRETS.search(shown(caught.value) + pickle.dumps(caught.value))


def test_what_a_sync_is_made_of_shows_no_token_and_no_link(settings: Settings, tmp_path: Path) -> None:
    lake = Lake.open(str(tmp_path / "lake"), buckets=1, source="api")

    async def look(settings: Settings) -> bytes:
        async with open_source(settings, lake) as source:
            snapshot = await take_snapshot(source)
            found = snapshot.connections
            return shown(
                *(source, source.client, source.client.traffic, snapshot, *found, *attention_of(snapshot)),
                *(one.connection for one in found),
                *(one.status for one in found),
                *(Merchant(one.connection, one.status, one.gate) for one in found),
                *(Reader(source, lake, one.connection, lambda _: None) for one in found),
            )

    with Sandbox(world(), Clock.frozen(NOW), 100_000) as sandbox, Wire(sandbox, canary.SECRET) as wire:
        said = asyncio.run(look(settings.model_copy(update={"base_url": wire.base_url})))
    assert b"needs_reauth (sample)" in said
    for pattern in (canary.SECRETS, canary.LINKS):
        assert not pattern.search(said)


def test_resources_hold_no_secret_not_even_in_a_run(settings: Settings) -> None:
    resources = resources_of(settings)
    seen: list[object] = []

    @dg.op(required_resource_keys={"api"})
    def look(context: dg.OpExecutionContext) -> None:
        seen.append(context.resources.api)

    @dg.job(resource_defs={"api": resources["api"]})
    def once() -> None:
        look()

    assert once.execute_in_process().success
    assert not canary.SECRETS.search(shown(*resources.values(), *seen))

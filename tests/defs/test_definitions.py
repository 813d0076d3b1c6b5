"""What Dagster loads, and what it must never see."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from rutter_assets.definitions import defs
from rutter_assets.defs.everything import definitions_of
from rutter_assets.errors import SettingError
from rutter_assets.sandbox import faults
from rutter_assets.settings import Settings
from tests.defs.conftest import StageOf, at, sales

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("RUTTER_"):
            monkeypatch.delenv(name)


def test_the_assets_are_one_group_with_lineage() -> None:
    graph = defs().resolve_asset_graph()
    keys = {key.to_user_string(): graph.get(key) for key in graph.get_all_asset_keys()}
    assert {name: sorted(parent.path[-1] for parent in node.parent_keys) for name, node in keys.items()} == {
        "rutter/connections": [],
        "rutter/transactions": ["connections"],
        "rutter/fee_totals": ["transactions"],
        "rutter/refund_cohorts": ["transactions"],
        "rutter/refund_ratios": ["transactions"],
        "rutter/completeness": ["connections", "transactions"],
        "rutter/warehouse": [
            "completeness",
            "connections",
            "fee_totals",
            "refund_cohorts",
            "refund_ratios",
            "transactions",
        ],
        "rutter/report": ["completeness", "connections", "fee_totals", "refund_cohorts", "refund_ratios"],
    }
    assert {node.group_name for node in keys.values()} == {"rutter"}
    assert all(node.description for node in keys.values())
    tables = [node for name, node in keys.items() if name != "rutter/report"]  # a page for people
    assert all("dagster/column_schema" in node.metadata for node in tables)


def test_sensors_and_schedules_run_by_default() -> None:
    definitions = defs()
    assert {sensor.name: sensor.default_status.value for sensor in definitions.sensors or []} == {
        "historical_sync_sensor": "RUNNING",
        "marts_follow_transactions": "RUNNING",
    }
    statuses = [schedule.default_status.value for schedule in definitions.schedules or []]
    assert statuses == ["RUNNING"] * 4


def test_today_is_the_last_partition() -> None:
    node = defs().resolve_asset_graph().get(dg.AssetKey(["rutter", "transactions"]))
    assert node.partitions_def is not None
    now = datetime.now(UTC)
    days = node.partitions_def.get_partition_keys()
    assert days[-1] in (str(now.date()), str((now - timedelta(minutes=1)).date()))


@pytest.mark.parametrize("days_from_now", [-30, 30])
def test_where_the_sandboxs_clock_stands_still_its_today_is_the_last_partition(days_from_now: int) -> None:
    clock = datetime.now(UTC) + timedelta(days=days_from_now)
    graph = definitions_of(Settings(sandbox_clock=clock)).resolve_asset_graph()
    days = graph.get(dg.AssetKey(["rutter", "transactions"])).partitions_def
    assert days is not None
    assert days.get_partition_keys()[-1] == str(clock.date())


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("RUTTER_CLIENT_ID", "mine", "RUTTER_CLIENT_SECRET is missing while RUTTER_CLIENT_ID is set"),
        ("RUTTER_START_DATE", "yesterday", "RUTTER_START_DATE is 'yesterday': give a UTC date"),
    ],
)
def test_a_wrong_setting_is_one_sentence_when_the_definitions_load(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingError) as raised:
        defs()
    assert str(raised.value).startswith(sentence)


@pytest.mark.long
def test_dagster_validates_the_definitions(tmp_path: Path) -> None:
    shutil.copy(ROOT / "data" / "dagster" / "dagster.yaml", tmp_path)
    found = subprocess.run(
        [sys.executable, "-m", "dagster", "definitions", "validate", "-w", "workspace.yaml"],
        cwd=ROOT,
        env={**os.environ, "DAGSTER_HOME": str(tmp_path), "RUTTER_LAKE": str(tmp_path / "lake")},
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stderr
    assert "All code locations passed validation" in found.stdout + found.stderr


def rows_of(folder: Path) -> Iterator[tuple[str, str]]:
    """Every row of every table of an instance's databases as text, with the table's name."""
    for file in folder.rglob("*.db"):
        with closing(sqlite3.connect(file)) as database:
            for (table,) in database.execute("select name from sqlite_master where type = 'table'").fetchall():
                for stored in database.execute(f'select * from "{table}"'):
                    yield table, str(stored)


@pytest.mark.long
def test_nothing_that_dagster_stores_holds_a_secret_but_the_check_that_shows_the_link(
    stage_of: StageOf, tmp_path: Path
) -> None:
    locked_out = sales(2, name="Locked Out (sample)", status="needs_reauth")
    merchant = sales(4)
    home = tmp_path / "home"
    home.mkdir()
    with dg.DagsterInstance.local_temp(str(home)) as instance:
        stage = stage_of(merchant, locked_out, faults=[faults.answer(400, {"error_code": "INVALID"})])
        stage.instance = instance
        stage.run("snapshot_connections")
        assert not stage.read(6, 0).success
        assert stage.read(6, 0).success
        stage.run("compute_marts", first=6, last=0)
        stored = list(rows_of(home))
    assert any(str(at(4))[:10] in text for _, text in stored)
    for secret in (stage.sandbox.client_secret, merchant.access_token, locked_out.access_token):
        assert not [table for table, text in stored if secret in text]
    assert not [table for table, text in stored if merchant.link_url in text]
    shown = [text for _, text in stored if locked_out.link_url in text]
    assert shown
    assert all("no_merchant_must_act" in text for text in shown)
    files = [file.read_bytes() for file in home.rglob("*") if file.is_file() and file.suffix != ".db"]
    assert not [text for text in files if stage.sandbox.client_secret.encode() in text]

"""Everything once, in this process: what the demo runs."""

from pathlib import Path

import dagster as dg
import pytest

from rutter_assets.defs.in_process import instance_at, materialize_all
from rutter_assets.errors import IncompleteError, RutterAssetsError
from rutter_assets.ingest.progress import Silent
from rutter_assets.lake import layout
from rutter_assets.sandbox import faults
from tests.defs.conftest import StageOf, sales

pytestmark = pytest.mark.long


def test_everything_is_materialized_and_kept_where_the_ui_looks(stage_of: StageOf, tmp_path: Path) -> None:
    stage = stage_of(merchant := sales(4, 2), sales(3, name="Slow (sample)", status="not_ready"))
    with instance_at(tmp_path / "home") as stage.instance:
        found = materialize_all(stage.instance, stage.settings)
        jobs = [record.dagster_run.job_name for record in stage.instance.get_run_records()]
        reported = [stage.reported(table) for table in ("transactions", "fee_totals", "refund_ratios")]
    assert (found.first, found.last) == (stage.day(4), stage.today)
    assert jobs == ["publish", "compute_marts", "read_transactions", "snapshot_connections"]
    assert reported == [[stage.day(4), stage.day(2)]] * 3
    assert stage.lake.storage.exists(layout.WAREHOUSE)
    ledger = stage.lake.ledger(merchant.id)
    assert ledger is not None
    assert ledger.history_loaded_at is not None
    with dg.DagsterInstance.from_config(_with_config(tmp_path / "home")) as again:
        assert len(again.get_run_records()) == 4


def test_the_progress_that_is_passed_in_sees_the_sync_and_the_console_stays_quiet(
    stage_of: StageOf, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    class Counting(Silent):
        rows = 0

        def page(self, connection_id: str, rows: int) -> None:  # noqa: ARG002 - the protocol's signature
            self.rows += rows

    stage, counting = stage_of(sales(4, 2)), Counting()
    with instance_at(tmp_path / "home") as instance:
        materialize_all(instance, stage.settings, lambda _: counting)
    assert counting.rows == 4
    assert capfd.readouterr() == ("", "")


def test_a_merchant_that_fails_is_raised_after_the_marts_of_the_others(stage_of: StageOf, tmp_path: Path) -> None:
    stage = stage_of(
        sales(4, name="A (sample)"), sales(4, name="B (sample)"), faults=[faults.answer(400, {"error_code": "INVALID"})]
    )
    with pytest.raises(IncompleteError, match="1 of 2 connections did not succeed"):
        materialize_all(stage.instance, stage.settings)
    assert stage.reported("fee_totals") == [stage.day(4)]


def test_an_unwritable_lake_is_its_sentence(stage_of: StageOf, tmp_path: Path) -> None:
    stage = stage_of(sales(2))
    (tmp_path / "lake").write_text("a file is no folder")
    with pytest.raises(RutterAssetsError, match=r"^RUTTER_LAKE is "):
        materialize_all(stage.instance, stage.settings)


def _with_config(home: Path) -> str:
    (home / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    return str(home)

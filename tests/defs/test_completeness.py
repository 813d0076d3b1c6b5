"""The certificate as an asset: its counts, its check, and when it follows."""

import dagster as dg
import pytest

from rutter_assets.defs.keys import COMPLETENESS
from rutter_assets.lake import parquet
from rutter_assets.lake.tables import TRANSACTIONS
from tests.defs.conftest import Stage, StageOf, sales
from tests.defs.daemon import Daemon, materialize

BAKER = "Closed Bakery (sample)"


@pytest.fixture
def stage(stage_of: StageOf) -> Stage:
    return stage_of(sales(4, 2), sales(3, name=BAKER, status="disabled"))


def load(stage: Stage) -> None:
    stage.run("snapshot_connections")
    assert stage.read(6, 0, whole_history=True).success


def test_it_counts_the_verdicts_and_shows_each_merchant(stage: Stage) -> None:
    load(stage)
    result = materialize(stage, COMPLETENESS)
    (found,) = result.asset_materializations_for_node("rutter__completeness")
    told = {name: value.value for name, value in found.metadata.items()}
    assert (told["verdict/complete"], told["verdict/not_loaded"], told["connections"]) == (1, 1, 2)
    (baker,) = [line for line in str(told["preview"]).splitlines() if BAKER in line]
    assert "disabled:UNKNOWN" in baker
    (check,) = result.get_asset_check_evaluations()
    assert (check.passed, check.description) == (True, "0 of 2 merchants are behind their source.")


def test_a_row_removed_by_hand_turns_the_check_red(stage: Stage) -> None:
    load(stage)
    (path, *_) = stage.lake.transaction_files()
    rows = parquet.from_bytes(stage.lake.storage.read(path) or b"", TRANSACTIONS, path)
    stage.lake.storage.write(path, parquet.to_bytes(rows.slice(1), TRANSACTIONS))
    (check,) = materialize(stage, COMPLETENESS).get_asset_check_evaluations()
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert check.metadata["count"].value == 1
    assert "1 of 4 that Rutter counted" in str(check.metadata["merchants"].value)


def test_it_follows_snapshots_and_transactions_once_each(stage: Stage) -> None:
    daemon = Daemon(stage, COMPLETENESS)
    assert not daemon.asks()
    stage.run("snapshot_connections")
    assert daemon.asks()
    assert not daemon.asks()
    stage.read(6, 0)
    assert daemon.asks()
    materialize(stage, COMPLETENESS)
    assert not daemon.asks()


def test_before_anything_is_known_it_has_no_rows(stage: Stage) -> None:
    (found,) = materialize(stage, COMPLETENESS).asset_materializations_for_node("rutter__completeness")
    assert found.metadata["connections"].value == 0

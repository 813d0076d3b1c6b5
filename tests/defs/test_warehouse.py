"""The warehouse as an asset: what it tells, and when it follows."""

import dagster as dg
import duckdb
import pytest

from rutter_assets.defs.keys import COMPLETENESS, WAREHOUSE
from tests.defs.conftest import Stage, StageOf, sales
from tests.defs.daemon import Daemon, materialize


@pytest.fixture
def stage(stage_of: StageOf) -> Stage:
    return stage_of(sales(4, 2))


@pytest.fixture
def daemon(stage: Stage) -> Daemon:
    daemon = Daemon(stage, WAREHOUSE)
    assert not daemon.asks()
    return daemon


def test_it_is_one_file_with_everything_and_says_how_much(stage: Stage) -> None:
    stage.run("snapshot_connections")
    stage.read(6, 0)
    stage.run("compute_marts", first=6, last=0)
    (found,) = materialize(stage, WAREHOUSE).asset_materializations_for_node("rutter__warehouse")
    told = {name: value.value for name, value in found.metadata.items()}
    assert (told["rows/transactions"], told["rows/fee_totals"], told["rows/connections"]) == (4, 2, 1)
    with duckdb.connect(str(told["path"]), read_only=True) as file:
        assert file.sql("select sum(money) from movements").fetchall() == [(1202,)]


def test_it_follows_a_mart_once(stage: Stage, daemon: Daemon) -> None:
    stage.read(6, 0)
    assert not daemon.asks(), "the marts are computed first"
    stage.run("compute_marts", first=6, last=0)
    assert daemon.asks()
    assert not daemon.asks()
    materialize(stage, WAREHOUSE)
    assert not daemon.asks()


def test_it_follows_a_mart_that_changes_between_the_tick_that_asks_and_the_next(stage: Stage, daemon: Daemon) -> None:
    stage.read(6, 0)
    stage.run("compute_marts", first=6, last=0)
    assert daemon.asks()
    stage.run("compute_marts", first=4, last=4)
    assert daemon.asks()


def test_it_waits_until_the_runs_that_write_its_sources_are_done(stage: Stage, daemon: Daemon) -> None:
    stage.read(6, 0)
    stage.run("compute_marts", first=6, last=0)
    running = stage.instance.create_run_for_job(
        stage.definitions.resolve_job_def("read_transactions"),
        tags={"dagster/partition": str(stage.day(0))},
        status=dg.DagsterRunStatus.STARTED,
    )
    assert not daemon.asks()
    stage.run("compute_marts", first=4, last=4)
    assert not daemon.asks()
    stage.instance.report_run_canceled(running)
    assert daemon.asks()
    assert not daemon.asks()


def test_marts_that_were_there_before_the_first_tick_are_followed(stage: Stage) -> None:
    stage.read(6, 0)
    stage.run("compute_marts", first=6, last=0)
    assert Daemon(stage, WAREHOUSE).asks()


def test_a_new_snapshot_is_followed_once_its_completeness_is_judged(stage: Stage, daemon: Daemon) -> None:
    stage.run("snapshot_connections")
    assert not daemon.asks()
    materialize(stage, COMPLETENESS)
    assert daemon.asks()
    assert not daemon.asks()

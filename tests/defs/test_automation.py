"""The marts follow their source: every day that was written, none twice, none forgotten."""

from datetime import date

import dagster as dg
import pytest

from rutter_assets.defs.keys import GROUP, key_of
from rutter_assets.marts.mart import MARTS
from tests.defs.conftest import Stage, StageOf, sales

MART = key_of("fee_totals")


class Daemon:
    """The part of Dagster's daemon that evaluates conditions, a tick at a time."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._cursor: object = None

    def tick(self, mart: dg.AssetKey = MART) -> list[date]:
        """The days of the mart that a tick asks for."""
        result = dg.evaluate_automation_conditions(
            defs=self._stage.definitions,
            instance=self._stage.instance,
            asset_selection=dg.AssetSelection.groups(GROUP),
            cursor=self._cursor,  # type: ignore[arg-type]
        )
        self._cursor = result.cursor
        return sorted(date.fromisoformat(key or "") for key in result.get_requested_partitions(mart))


@pytest.fixture
def stage(stage_of: StageOf) -> Stage:
    return stage_of(sales(5, 4, 2, 0))


@pytest.fixture
def daemon(stage: Stage) -> Daemon:
    daemon = Daemon(stage)
    assert daemon.tick() == []
    return daemon


def test_every_day_that_was_written_is_asked_for_once(stage: Stage, daemon: Daemon) -> None:
    stage.read(6, 0)
    assert daemon.tick() == [stage.day(5), stage.day(4), stage.day(2), stage.day(0)]
    assert daemon.tick() == []


def test_an_update_between_the_tick_that_asks_and_the_next_one_is_not_lost(stage: Stage, daemon: Daemon) -> None:
    stage.read(4, 4)
    assert daemon.tick() == [stage.day(4)]
    stage.read(4, 4)
    assert daemon.tick() == [stage.day(4)]
    stage.run("compute_marts", first=4, last=4)
    assert daemon.tick() == []


def test_touching_an_old_day_asks_for_exactly_that_day(stage: Stage, daemon: Daemon) -> None:
    stage.read(6, 0)
    daemon.tick()
    stage.run("compute_marts", first=6, last=0)
    daemon.tick()
    stage.read(5, 5)
    assert daemon.tick() == [stage.day(5)]
    assert daemon.tick() == []


def test_a_written_day_asks_for_the_days_whose_trailing_windows_hold_it(stage: Stage, daemon: Daemon) -> None:
    ratios = key_of("refund_ratios")
    stage.read(4, 4)
    assert daemon.tick(ratios) == [stage.day(ago) for ago in (4, 3, 2, 1, 0)]
    assert daemon.tick(ratios) == []
    stage.read(0, 0)
    assert daemon.tick(ratios) == [stage.day(0)]


def test_what_was_there_before_the_first_tick_is_asked_for(stage: Stage) -> None:
    stage.read(6, 0)
    stage.run("compute_marts", first=6, last=3)
    assert Daemon(stage).tick() == [stage.day(2), stage.day(0)]


@pytest.mark.long
def test_what_is_asked_for_runs_and_is_then_reported(stage: Stage, daemon: Daemon) -> None:
    stage.read(6, 0)
    asked = daemon.tick()
    assert stage.run("compute_marts", first=5, last=0).success
    for mart in MARTS:
        assert stage.reported(mart) == asked
    assert daemon.tick() == []


def test_a_day_waits_while_a_run_is_writing_its_source(stage: Stage, daemon: Daemon) -> None:
    stage.read(4, 4)
    planned = stage.instance.create_run_for_job(
        stage.definitions.resolve_job_def("read_transactions"),
        tags={"dagster/partition": str(stage.day(4))},
        status=dg.DagsterRunStatus.STARTED,
    )
    assert daemon.tick() == []
    stage.instance.report_run_canceled(planned)
    assert daemon.tick() == [stage.day(4)]

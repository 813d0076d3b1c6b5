"""The example of a downstream project: it makes the months of the days that were written, and no others."""

from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow.parquet as pq
import pytest

from examples.downstream_bi.definitions import defs
from rutter_assets.settings import Settings
from tests.defs.conftest import Stage, StageOf, sales
from tests.marts.given import NOON, store, transaction

pytestmark = pytest.mark.long

MONTHS = dg.AssetKey(["bi", "refunds_by_month"])
LONG_AGO = 40
"""A day so many days ago is never of this month."""


class Bi:
    """The second code location: what its daemon asks for, and its files."""

    def __init__(self, stage: Stage, folder: Path) -> None:
        self._stage, self._folder = stage, folder
        self._definitions = defs()
        self._cursor: Any = None

    def tick(self) -> list[str]:
        """The months that a tick asks for."""
        result = dg.evaluate_automation_conditions(
            defs=self._definitions,
            instance=self._stage.instance,
            asset_selection=dg.AssetSelection.groups("bi"),
            cursor=self._cursor,
        )
        self._cursor = result.cursor
        return sorted(key or "" for key in result.get_requested_partitions(MONTHS))

    def made(self, month: str) -> list[dict[str, Any]]:
        """Materialize a month, as the daemon does; its rows."""
        job = self._definitions.resolve_implicit_global_asset_job_def().get_subset(asset_selection={MONTHS})
        assert job.execute_in_process(instance=self._stage.instance, partition_key=month).success
        file = pq.ParquetFile(self._folder / "refunds_by_month" / f"{month[:7]}.parquet")
        return list(file.read().to_pylist())


@pytest.fixture
def stage(stage_of: StageOf, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A lake whose partitions begin in the middle of a month that is over."""
    stage = stage_of(sales(0))
    monkeypatch.setenv("RUTTER_START_DATE", str(stage.day(LONG_AGO + 1)))
    return Stage(stage.sandbox, Settings.from_env(), stage.instance, stage.today)


@pytest.fixture
def bi(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bi:
    monkeypatch.setenv("BI_FOLDER", str(tmp_path / "bi"))
    return Bi(stage, tmp_path / "bi")


@pytest.fixture
def written(stage: Stage) -> Callable[..., None]:
    """Write a day's refund of so much, beside a sale of 10, and compute that day of the marts."""

    def write(ago: int, refund: str) -> None:
        at = datetime.combine(stage.day(ago), time(), NOON.tzinfo)
        store(stage.lake, transaction(created_at=at), transaction(created_at=at, type="refund", amount=refund))
        assert stage.run("compute_marts", first=ago, last=ago).success

    return write


def month_of(day: date) -> str:
    return str(day.replace(day=1))


def test_a_day_that_was_written_asks_for_its_month_once_and_for_no_other(
    stage: Stage, bi: Bi, written: Callable[..., None]
) -> None:
    assert bi.tick() == []
    written(LONG_AGO, "1.00")
    assert bi.tick() == [month_of(stage.day(LONG_AGO))]
    assert bi.tick() == []
    written(0, "1.00")
    assert bi.tick() == [month_of(stage.today)]


def test_what_was_there_before_the_first_tick_is_asked_for(stage: Stage, bi: Bi, written: Callable[..., None]) -> None:
    written(LONG_AGO, "1.00")
    assert bi.tick() == [month_of(stage.day(LONG_AGO))]


def test_a_month_is_made_of_its_own_days_and_made_again_after_a_change(
    stage: Stage, bi: Bi, written: Callable[..., None]
) -> None:
    bi.tick()
    written(LONG_AGO, "2.50")
    written(0, "9.00")
    asked, today = bi.tick()
    (before,) = bi.made(asked)
    assert f"{before['gross_volume']:f} {before['refund_amount']:f}" == "10.000000000 2.500000000"
    assert before["refund_ratio"] == 0.25
    written(LONG_AGO, "5.00")
    assert bi.tick() == [asked]
    assert [row["refund_ratio"] for row in bi.made(asked)] == [0.5]
    assert [row["refund_ratio"] for row in bi.made(today)] == [0.9]


def test_a_month_without_days_in_the_lake_has_a_file_without_rows(stage: Stage, bi: Bi) -> None:
    assert bi.made(month_of(stage.today)) == []


def test_its_asset_reads_as_one_that_depends_on_refund_ratios_alone() -> None:
    node = defs().resolve_asset_graph().get(MONTHS)
    assert node.parent_keys == {dg.AssetKey(["rutter", "refund_ratios"])}
    assert [sensor.name for sensor in defs().sensors or []] == ["bi_follows_the_lake"]

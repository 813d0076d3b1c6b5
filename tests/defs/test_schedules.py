"""The schedules: what they ask for works when it is run."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from rutter_assets.marts.mart import MARTS, compute
from rutter_assets.sandbox import Merchant
from tests.conftest import row
from tests.defs.conftest import Stage, StageOf, at, sales


def requests_of(stage: Stage, schedule: str, at: datetime) -> list[dg.RunRequest]:
    definition = stage.definitions.resolve_schedule_def(schedule)
    context = dg.build_schedule_context(instance=stage.instance, scheduled_execution_time=at)
    return list(definition.evaluate_tick(context).run_requests or [])


def test_the_nightly_run_reads_the_last_three_days_and_today(stage_of: StageOf) -> None:
    stage = stage_of(sales(5, 3, 1, 0))
    (request,) = requests_of(stage, "last_days_daily", datetime.now(UTC))
    assert stage.run_request("read_transactions", request).success
    assert stage.reported("transactions") == [stage.day(3), stage.day(1), stage.day(0)]


def test_the_nightly_run_does_not_reach_before_the_configured_start(stage_of: StageOf) -> None:
    stage = stage_of(sales(6, 5))
    (request,) = requests_of(stage, "last_days_daily", datetime.now(UTC) - timedelta(days=5))
    assert request.tags["dagster/asset_partition_range_start"] == str(stage.day(6))
    assert stage.run_request("read_transactions", request).success
    assert stage.reported("transactions") == [stage.day(6), stage.day(5)]


def test_the_nightly_run_of_one_night_is_asked_for_once(stage_of: StageOf) -> None:
    stage, now = stage_of(sales(1)), datetime.now(UTC)
    keys = [requests_of(stage, "last_days_daily", at)[0].run_key for at in (now, now, now - timedelta(days=1))]
    assert keys[0] == keys[1] != keys[2]


def test_the_hourly_run_takes_a_snapshot(stage_of: StageOf) -> None:
    stage = stage_of(sales(1))
    (request,) = requests_of(stage, "connections_hourly", datetime.now(UTC))
    assert stage.run_request("snapshot_connections", request).success
    snapshot = stage.lake.latest_connections()
    assert snapshot is not None
    assert len(snapshot) == 1


def test_the_hourly_updates_report_the_days_that_changed_and_no_others(stage_of: StageOf) -> None:
    now = datetime.now(UTC)
    changed = (now - timedelta(minutes=30)).isoformat(timespec="milliseconds")
    old = row(1, at(5), id="old")
    rows = [old, old | {"amount": 9, "updated_at": changed}, row(2, at(3), id="other"), row(3, at(1), id="third")]
    stage = stage_of(Merchant.of(rows), now=now - timedelta(hours=1))
    assert stage.read(6, 0, only_missing=True).success
    stage.sandbox.clock.set(now)
    (request,) = requests_of(stage, "updates_hourly", now)
    result = stage.run_request("read_transactions", request)
    assert result.success
    told = [event.partition for event in result.all_events if event.is_step_materialization]
    assert told == [str(stage.day(5))]
    assert stage.metadata("transactions", stage.day(5))["amount"] == {"EUR": "9.000000000"}


def test_the_hourly_updates_of_one_hour_are_asked_for_once(stage_of: StageOf) -> None:
    stage, now = stage_of(sales(1)), datetime.now(UTC)
    keys = [requests_of(stage, "updates_hourly", at)[0].run_key for at in (now, now, now - timedelta(hours=1))]
    assert keys[0] == keys[1] != keys[2]


def test_the_nightly_cohorts_are_those_that_time_has_changed(stage_of: StageOf) -> None:
    given_back = row(1, at(5), id="old", status="refunded")
    stage = stage_of(Merchant.of([given_back, row(2, at(4), id="other")]))
    stage.read(6, 0)
    compute(stage.lake, MARTS["refund_cohorts"], [stage.day(5), stage.day(4)], known_on=stage.day(4))
    (request,) = requests_of(stage, "cohorts_daily", datetime.now(UTC))
    assert stage.run_request("age_cohorts", request).success
    assert stage.reported("refund_cohorts") == [stage.day(5)]

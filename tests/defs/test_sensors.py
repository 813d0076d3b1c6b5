"""The sensor that watches the gates: from not ready to loaded, once, and again after a load that did not succeed."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import msgspec

from rutter_assets.ingest.opening import Attempt, Cursor
from rutter_assets.sandbox import Batch, Merchant, World, faults
from tests.conftest import row
from tests.defs.conftest import Stage, StageOf, at, sales

STATUS = "/connections/status"


def tick(stage: Stage, cursor: str | None = None) -> dg.SensorResult:
    """One tick of the sensor, as the daemon asks for it."""
    with dg.build_sensor_context(
        instance=stage.instance, cursor=cursor, definitions=stage.definitions, resources=stage.resources
    ) as context:
        result = stage.definitions.resolve_sensor_def("historical_sync_sensor")(context)
    assert isinstance(result, dg.SensorResult)
    return result


def load(stage: Stage, result: dg.SensorResult) -> dg.ExecuteInProcessResult:
    """Run what the tick asked for."""
    (request,) = result.run_requests or []
    return stage.run_request("read_transactions", request)


def asked_for(result: dg.SensorResult) -> list[str]:
    """The connections of the tick's one request."""
    (request,) = result.run_requests or []
    return list(request.run_config["ops"]["rutter__transactions"]["config"]["connection_ids"])


def an_hour_ago(cursor: str | None) -> str:
    """The cursor as if its attempts had been made an hour earlier."""
    decoded = Cursor.decode(cursor)
    attempts = {
        one: Attempt(attempt.generation, attempt.asked_at - timedelta(hours=1))
        for one, attempt in decoded.attempts.items()
    }
    return msgspec.structs.replace(decoded, attempts=attempts).encode()


def in_historical_sync(done_in_s: int) -> tuple[Merchant, datetime]:
    """A merchant that can be read now, and whose history is complete in a while."""
    now = datetime.now(UTC)
    batch = Batch(now + timedelta(seconds=done_in_s), now - timedelta(days=400), now - timedelta(days=1))
    rows = [row(number, at(number)) for number in range(1, 5)]
    return Merchant.of(rows, name="Three Thirds (sample)", batches=[batch]), now


def test_the_demos_merchant_in_its_historical_sync_is_loaded_once_the_sync_is_complete(stage_of: StageOf) -> None:
    epoch = datetime.now(UTC)
    stage = stage_of(world=World.demo(seed=7, epoch=epoch), now=epoch)
    (bakery,) = [one for one in stage.sandbox.world.merchants if one.name.startswith("Three Thirds")]
    before = tick(stage)
    assert bakery.id not in asked_for(before)
    assert load(stage, before).success
    waiting = tick(stage, before.cursor)
    assert not waiting.run_requests
    assert "Three Thirds Bakery" in str(waiting.skip_reason)
    stage.sandbox.clock.advance(timedelta(seconds=76))
    opened = tick(stage, waiting.cursor)
    assert asked_for(opened) == [bakery.id]
    assert load(stage, opened).success
    ledger = stage.lake.ledger(bakery.id)
    assert ledger is not None
    assert ledger.history_loaded_at is not None
    assert not tick(stage, opened.cursor).run_requests


def test_a_gate_opens_when_the_history_is_complete_and_not_before(stage_of: StageOf) -> None:
    merchant, now = in_historical_sync(done_in_s=60)
    stage = stage_of(merchant, now=now)
    first = tick(stage)
    assert not first.run_requests
    stage.sandbox.clock.advance(timedelta(seconds=61))
    assert load(stage, tick(stage, first.cursor)).success
    assert stage.reported("transactions") == [stage.day(ago) for ago in (4, 3, 2, 1)]


def test_one_run_loads_all_that_are_ready_and_its_days_begin_where_their_rows_do(stage_of: StageOf) -> None:
    merchants = [sales(4, 1), sales(3, name="B (sample)"), sales(3, name="C (sample)", status="disabled")]
    stage = stage_of(*merchants)
    result = tick(stage)
    assert asked_for(result) == sorted(one.id for one in merchants[:2])
    (request,) = result.run_requests or []
    assert request.tags["dagster/asset_partition_range_start"] == str(stage.day(4))
    assert request.tags["dagster/asset_partition_range_end"] == str(stage.today)


def test_what_is_loaded_is_not_asked_for_its_status_again(stage_of: StageOf) -> None:
    stage = stage_of(sales(2), sales(3, name="Closed (sample)", status="disabled"))
    result = tick(stage)
    load(stage, result)
    stage.sandbox.requests.clear()
    after = tick(stage, result.cursor)
    assert [request.path for request in stage.sandbox.requests] == ["/connections", STATUS]
    assert "Closed (sample)" in str(after.skip_reason)


def test_the_same_request_twice_has_the_same_run_key(stage_of: StageOf) -> None:
    stage = stage_of(sales(2))
    one, other = tick(stage), tick(stage)
    assert [request.run_key for request in one.run_requests or []] == [
        request.run_key for request in other.run_requests or []
    ]
    assert one.run_requests


def test_a_merchant_is_not_asked_for_while_a_run_loads_it(stage_of: StageOf) -> None:
    stage = stage_of(sales(2))
    (request,) = tick(stage).run_requests or []
    stage.instance.create_run_for_job(
        stage.definitions.resolve_job_def("read_transactions"),
        run_config=request.run_config,
        tags=request.tags,
        status=dg.DagsterRunStatus.STARTING,
    )
    assert not tick(stage, None).run_requests


def test_a_load_that_failed_is_asked_for_again_under_another_key_but_not_at_once(stage_of: StageOf) -> None:
    stage = stage_of(sales(2), faults=[faults.answer(400, {"error_code": "INVALID"})])
    first = tick(stage)
    assert not load(stage, first).success
    assert not tick(stage, first.cursor).run_requests
    again = tick(stage, an_hour_ago(first.cursor))
    assert (again.run_requests or [])[0].run_key != (first.run_requests or [])[0].run_key
    assert load(stage, again).success
    assert not tick(stage, again.cursor).run_requests


def test_a_lost_cursor_does_not_bring_back_the_key_of_a_run_that_ended(stage_of: StageOf) -> None:
    stage = stage_of(sales(2), faults=[faults.answer(400, {"error_code": "INVALID"})])
    first = tick(stage)
    load(stage, first)
    anew = tick(stage, '{"version": 99, "of another": "release"}')
    assert (anew.run_requests or [])[0].run_key != (first.run_requests or [])[0].run_key


def test_one_connection_that_cannot_be_asked_does_not_hold_up_the_others(stage_of: StageOf) -> None:
    merchants = [sales(2, name="A (sample)"), sales(3, name="B (sample)")]
    stage = stage_of(*merchants, faults=[faults.no_api().on(STATUS)])
    result = tick(stage)
    assert len(asked_for(result)) == 1


def test_when_everything_is_loaded_the_sensor_says_so(stage_of: StageOf) -> None:
    stage = stage_of(sales(2))
    result = tick(stage)
    load(stage, result)
    assert tick(stage, result.cursor).skip_reason == dg.SkipReason("All 1 connections have their history on disk.")

"""What becomes visible when: updates, new ids, late fees, batches, outages, a clock set back."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from rutter_assets.sandbox import Clock, Merchant, Outage, Sandbox, World, given_row

from .caller import Caller

Serve = Callable[..., Caller]


def _row(row_id: str, created_at: datetime, updated_at: datetime | None = None, **fields: Any) -> dict[str, Any]:
    return {
        "id": row_id,
        "created_at": created_at.isoformat(),
        "updated_at": (updated_at or created_at).isoformat(),
        **fields,
    }


@pytest.fixture
def living(epoch: datetime, clock: Clock) -> Iterator[tuple[Caller, Callable[[str], Merchant]]]:
    """A demo whose clock may be moved, without the replay."""
    world = World.demo(seed=7, epoch=epoch)
    with Sandbox(world, clock) as sandbox, Caller(sandbox) as caller:
        yield caller, lambda name: next(one for one in world.merchants if one.name.startswith(name))


def test_a_pending_row_settles_under_its_id(serve: Serve, clock: Clock, epoch: datetime) -> None:
    settled_at = epoch + timedelta(hours=1)
    merchant = Merchant.of([_row("x", epoch, status="pending"), _row("x", epoch, settled_at, status="success")])
    caller = serve(merchant)
    assert [row["status"] for row in caller.walk(merchant)] == ["pending"]
    clock.advance(timedelta(hours=1))
    assert [row["status"] for row in caller.walk(merchant)] == ["success"]


def test_a_row_may_appear_later_than_its_own_timestamps(serve: Serve, clock: Clock, epoch: datetime) -> None:
    old = _row("x", epoch - timedelta(days=9))
    merchant = Merchant.of([given_row(old, appears_at=epoch + timedelta(minutes=1))])
    caller = serve(merchant)
    assert caller.walk(merchant) == []
    clock.advance(timedelta(minutes=1))
    assert caller.walk(merchant) == [old]


def test_what_is_shown_is_the_state_as_of_the_last_sync(serve: Serve, clock: Clock, epoch: datetime) -> None:
    rows = [_row("x", epoch + timedelta(seconds=30)), _row("y", epoch + timedelta(seconds=60))]
    merchant = Merchant.of(rows, sync_period=timedelta(minutes=1))
    caller = serve(merchant)
    clock.advance(timedelta(seconds=59))
    assert caller.walk(merchant) == []
    assert caller.status(merchant)["last_sync_completed_at"] == "2026-11-20T10:00:00.000Z"
    clock.advance(timedelta(seconds=1))
    assert len(caller.walk(merchant)) == 2
    assert caller.status(merchant)["last_sync_completed_at"] == "2026-11-20T10:01:00.000Z"


def test_an_outage_holds_rows_back_until_it_ends(serve: Serve, clock: Clock, epoch: datetime) -> None:
    outage = Outage("needs_reauth", epoch + timedelta(hours=1), epoch + timedelta(hours=3))
    meanwhile = _row("x", epoch + timedelta(hours=2))
    merchant = Merchant.of([meanwhile], outages=[outage])
    caller = serve(merchant)
    clock.advance(timedelta(hours=2, minutes=30))
    assert caller.transactions(merchant).status_code == 400
    status = caller.status(merchant)
    assert status["last_sync_completed_at"] == "2026-11-20T11:00:00.000Z"
    assert status["historical_sync_status"]["synced_transactions_count"] == 0
    clock.advance(timedelta(minutes=30))
    assert caller.walk(merchant) == [meanwhile]


def test_an_unhealthy_connection_is_read_but_not_synced(serve: Serve, clock: Clock, epoch: datetime) -> None:
    rows = [_row("x", epoch), _row("y", epoch + timedelta(hours=2))]
    merchant = Merchant.of(rows, outages=[Outage("unhealthy", epoch + timedelta(hours=1))])
    caller = serve(merchant)
    clock.advance(timedelta(hours=5))
    assert [row["id"] for row in caller.walk(merchant)] == ["x"]
    assert caller.status(merchant)["is_healthy"] is False


def test_a_clock_set_back_shows_the_past_again(serve: Serve, clock: Clock, epoch: datetime) -> None:
    settled_at = epoch + timedelta(hours=1)
    merchant = Merchant.of([_row("x", epoch, status="pending"), _row("x", epoch, settled_at, status="success")])
    caller = serve(merchant)
    clock.set(settled_at)
    assert [row["status"] for row in caller.walk(merchant)] == ["success"]
    clock.set(epoch)
    assert [row["status"] for row in caller.walk(merchant)] == ["pending"]


def test_three_batches_arrive_newest_first(
    living: tuple[Caller, Callable[[str], Merchant]], clock: Clock, epoch: datetime
) -> None:
    caller, named = living
    merchant = named("Three Thirds")
    oldest, seen = [], []
    for seconds in (0, 25, 50, 75):
        clock.set(epoch + timedelta(seconds=seconds))
        history = caller.status(merchant)["historical_sync_status"]
        rows = caller.walk(merchant, limit=500)
        seen.append((history["num_batches_completed"], history["historical_sync_completed"], bool(rows)))
        assert history["synced_transactions_count"] == len(rows)
        oldest.append(rows[-1]["created_at"] if rows else "")
        states = [batch["progress_info"]["transactions"]["status"] for batch in history["batches"]]
        assert states.count("COMPLETED") == history["num_batches_completed"]
    assert seen == [(0, False, False), (1, False, True), (2, False, True), (3, True, True)]
    assert oldest[1] > oldest[2] > oldest[3]
    assert caller.status(merchant)["is_ready"] is True


def test_a_day_changes_rows_that_are_older_than_400_days(
    living: tuple[Caller, Callable[[str], Merchant]], clock: Clock, epoch: datetime
) -> None:
    caller, named = living
    clock.advance(timedelta(days=1))
    since_ms, until_ms = (round(at.timestamp() * 1000) for at in (epoch, epoch - timedelta(days=400)))
    names = ("Quillfeather", "Moss", "Gadgetron", "Nimbus", "Snowshoe", "Wanderlust", "Teapot", "Dune")
    changed = [caller.walk(named(name), updated_at_min=since_ms, created_at_max=until_ms) for name in names]
    assert sum(map(len, changed)) >= 2


def test_rows_go_on_appearing_and_settling_after_the_epoch(
    living: tuple[Caller, Callable[[str], Merchant]], clock: Clock, epoch: datetime
) -> None:
    caller, named = living
    since_ms = round(epoch.timestamp() * 1000) + 1
    clock.advance(timedelta(days=2))
    for name in ("Quillfeather", "Teapot", "The Bottomless Attic"):
        assert caller.walk(named(name), created_at_min=since_ms)
    # Fees of charges made before the epoch settle after it.
    settled = caller.walk(named("Nimbus"), updated_at_min=since_ms, created_at_max=since_ms - 1)
    assert any("fee" in row for row in settled)


def test_a_wall_clock_serves_what_a_frozen_one_would(epoch: datetime) -> None:
    with Sandbox(World.bulk(epoch=epoch, merchants=1, rows=10), Clock.wall()) as sandbox, Caller(sandbox) as caller:
        assert caller.transactions(sandbox.world.merchants[0]).status_code == 200
    with pytest.raises(RuntimeError, match="cannot be moved"):
        Clock.wall().advance(timedelta(days=1))


def test_a_clock_needs_a_zone(epoch: datetime) -> None:
    with pytest.raises(ValueError, match="aware"):
        Clock.frozen(epoch.replace(tzinfo=None))

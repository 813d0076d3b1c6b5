"""A transaction whose `created_at` moves to another day is in the lake once, on its new day."""

from datetime import timedelta

from rutter_assets.lake.lake import Lake
from rutter_assets.sandbox import Merchant, given_row
from tests.conftest import NOW, ServeWorld
from tests.faults.conftest import NEIGHBOUR, ROWS, SHOP, assert_true, faulty, read, update

MOVED = ROWS[4] | {
    "created_at": "2026-10-16T00:30:00.000Z",
    "updated_at": (NOW + timedelta(minutes=30)).isoformat(timespec="milliseconds"),
}
MOVING = Merchant.of([given_row(one) for one in (*ROWS, MOVED)], name=SHOP.name)


def test_a_row_that_moved_to_another_day_is_once_there_when_its_days_are_read_again(
    serve: ServeWorld, lake: Lake
) -> None:
    sandbox = faulty(serve, merchants=(MOVING, NEIGHBOUR))
    read(sandbox, lake)
    sandbox.clock.advance(timedelta(hours=1))
    lake.forget(MOVING.id, MOVING.platform)
    read(sandbox, lake)
    assert_true(lake, sandbox)


def test_an_update_takes_a_row_that_moved_off_its_old_day(serve: ServeWorld, lake: Lake) -> None:
    sandbox = faulty(serve, merchants=(MOVING, NEIGHBOUR))
    read(sandbox, lake)
    sandbox.clock.advance(timedelta(hours=1))
    update(sandbox, lake)
    assert_true(lake, sandbox)

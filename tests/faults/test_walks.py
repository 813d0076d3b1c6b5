"""Walks over pages: only the cursor ends them, none goes round for ever, and each row is stored once."""

from datetime import timedelta
from itertools import chain

import pytest

from rutter_assets.lake.lake import Lake
from rutter_assets.sandbox import Fault, Merchant, faults, given_row
from tests.conftest import NOW, ServeWorld, row
from tests.faults.conftest import NEIGHBOUR, OCTOBER, ROWS, SHOP, assert_true, faulty, of_shop, read, stored, update


@pytest.mark.parametrize(
    "fault",
    [faults.cursor_again().on(after=1), faults.cursor_to_start().on(after=2)],
    ids=["the cursor of this page again", "back to the second page after three"],
)
def test_a_walk_that_goes_round_is_ended_and_stores_nothing(serve: ServeWorld, lake: Lake, fault: Fault) -> None:
    sandbox = faulty(serve, fault)
    report = read(sandbox, lake)
    assert of_shop(report).message.startswith(
        "The API sent the same cursor twice; the walk would never end. (GET /transactions: HTTP 200, request sandbox-"
    )
    assert_true(lake, sandbox, but=tuple(str(one["id"]) for one in ROWS))
    read(sandbox, lake)
    assert_true(lake, sandbox)


@pytest.mark.parametrize("after", [0, 1, 2])
def test_an_empty_page_with_a_cursor_is_passed_over(serve: ServeWorld, lake: Lake, after: int) -> None:
    sandbox = faulty(serve, faults.empty_page().on(after=after))
    assert of_shop(read(sandbox, lake)).message == "8 transactions read."
    assert_true(lake, sandbox)
    assert sum(record.connection_id == SHOP.id for record in sandbox.requests) == 1 + 4


def test_a_page_without_the_cursor_field_is_the_last_one(serve: ServeWorld, lake: Lake) -> None:
    sandbox = faulty(serve, faults.without_cursor().on(after=2))
    assert of_shop(read(sandbox, lake)).message == "8 transactions read."
    assert_true(lake, sandbox)


def test_rows_that_come_on_two_pages_are_stored_once(serve: ServeWorld, lake: Lake) -> None:
    sandbox = faulty(serve, faults.rows_again(2).on(after=1), faults.rows_again(3))
    assert of_shop(read(sandbox, lake)).rows == 8 + 2 + 3
    assert_true(lake, sandbox)


def test_rows_that_appear_while_paging_are_read_now_or_by_the_next_update(serve: ServeWorld, lake: Lake) -> None:
    """One before the reader, one after it, and one changed behind it: nothing is lost, nothing is there twice."""
    later = (NOW + timedelta(minutes=30)).isoformat(timespec="milliseconds")
    behind, ahead = row(97, "2026-10-01T10:00:00.000Z", updated_at=later), row(98, "2026-10-23T10:00:00.000Z")
    changed = ROWS[0] | {"amount": 77, "updated_at": later}
    shop = Merchant.of(
        chain(map(given_row, (*ROWS, behind, changed)), [given_row(ahead, appears_at=NOW + timedelta(minutes=30))]),
        name=SHOP.name,
    )
    sandbox = faulty(serve, merchants=(shop, NEIGHBOUR))
    sandbox.script.add(
        faults.meanwhile(lambda: sandbox.clock.advance(timedelta(hours=1))).on(after=1, connection_id=shop.id)
    )
    read(sandbox, lake)
    assert {key[1] for key in stored(lake)} == {str(one["id"]) for one in (*ROWS, ahead)}
    update(sandbox, lake)
    assert_true(lake, sandbox)
    assert stored(lake)[(shop.id, str(ROWS[0]["id"]))]["amount"] == 77
    asked = [r.params for r in sandbox.requests if r.connection_id == shop.id and "created_at_min" in r.params]
    assert {params["sort"] for params in asked} == {"asc"}
    assert len({(params["created_at_min"], params["created_at_max"]) for params in asked}) == 1
    assert int(asked[0]["created_at_max"]) == int(OCTOBER.end.timestamp() * 1000)

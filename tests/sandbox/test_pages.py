"""Pages, cursors, orders and filters."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rutter_assets.sandbox import Clock, Merchant, gone

from .caller import Caller

Serve = Callable[..., Caller]
START = datetime(2026, 3, 1, tzinfo=UTC)


def _at(ms: int) -> str:
    return (START + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds")


def _ms(ms: int) -> int:
    return round(START.timestamp()) * 1000 + ms


def _row(row_id: str, created_ms: int, updated_ms: int | None = None, **fields: Any) -> dict[str, Any]:
    updated_at = _at(created_ms if updated_ms is None else updated_ms)
    return {"id": row_id, "type": "sale", "created_at": _at(created_ms), "updated_at": updated_at, **fields}


# Seven rows share one millisecond, so that every page size ends somewhere among them.
TIED = Merchant.of([_row("a", 0), *(_row(f"t{n}", 5) for n in range(7)), _row("b", 6), _row("c", 900)])
ASCENDING = ["a", *(f"t{n}" for n in range(7)), "b", "c"]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 9, 10, 11, 500])
def test_a_walk_finds_every_row_once_in_both_orders_whatever_the_page_size(serve: Serve, limit: int) -> None:
    caller = serve(TIED)
    assert [row["id"] for row in caller.walk(TIED, limit=limit, sort="asc")] == ASCENDING
    assert [row["id"] for row in caller.walk(TIED, limit=limit, sort="desc")] == ASCENDING[::-1]


def test_the_newest_come_first_and_fifty_at_a_time_by_default(serve: Serve) -> None:
    merchant = Merchant.of(_row(f"{n:03}", n) for n in range(120))
    body = serve(merchant).transactions(merchant).json()
    assert [row["id"] for row in body["transactions"]] == [f"{n:03}" for n in range(119, 69, -1)]
    assert body["next_cursor"] is not None


def test_a_page_that_ends_with_the_last_row_has_no_next_cursor(serve: Serve) -> None:
    caller = serve(TIED)
    for sort in ("asc", "desc"):
        assert caller.transactions(TIED, limit=10, sort=sort).json()["next_cursor"] is None
        assert caller.transactions(TIED, limit=9, sort=sort).json()["next_cursor"] is not None


def test_a_merchant_without_rows_has_one_empty_page(serve: Serve) -> None:
    merchant = Merchant.of()
    body = serve(merchant).transactions(merchant).json()
    assert body["transactions"] == []
    assert body["next_cursor"] is None


@pytest.mark.parametrize(
    ("least", "most", "found"),
    [
        (5, 6, ASCENDING[1:9]),
        (6, 6, ["b"]),
        (7, 899, []),
        (6, None, ["b", "c"]),
        (None, 4, ["a"]),
        (900, 5, []),
    ],
)
def test_created_at_bounds_are_milliseconds_and_both_included(
    serve: Serve, least: int | None, most: int | None, found: list[str]
) -> None:
    bounds = {"created_at_min": least, "created_at_max": most}
    params = {name: _ms(ms) for name, ms in bounds.items() if ms is not None}
    caller = serve(TIED)
    for sort, expected in (("asc", found), ("desc", found[::-1])):
        assert [row["id"] for row in caller.walk(TIED, limit=3, sort=sort, **params)] == expected


def test_updated_at_bounds_are_inclusive_and_leave_the_order_of_creation(serve: Serve) -> None:
    merchant = Merchant.of([_row("a", 0, 50), _row("b", 1, 40), _row("c", 2, 30), _row("d", 3, 60)])
    caller = serve(merchant)

    def found(**params: Any) -> list[str]:
        return [row["id"] for row in caller.walk(merchant, limit=1, sort="asc", **params)]

    assert found(updated_at_min=_ms(40), updated_at_max=_ms(50)) == ["a", "b"]
    assert found(updated_at_min=_ms(51)) == ["d"]
    assert found(updated_at_max=_ms(40)) == ["b", "c"]
    assert found(updated_at_min=_ms(30), created_at_min=_ms(1), created_at_max=_ms(2)) == ["b", "c"]


def test_a_walk_loses_nothing_when_its_next_row_changes_or_goes(serve: Serve, clock: Clock) -> None:
    later = clock.now() + timedelta(seconds=1)
    changed = {"updated_at": later.isoformat(), "status": "refunded"}
    merchant = Merchant.of([*(_row(f"{n}", n) for n in range(6)), _row("3", 3) | changed, gone("1", later)])
    caller = serve(merchant)
    first = caller.transactions(merchant, limit=2).json()
    assert [row["id"] for row in first["transactions"]] == ["5", "4"]
    clock.advance(timedelta(seconds=2))
    second = caller.transactions(merchant, limit=2, cursor=first["next_cursor"]).json()
    assert [(row["id"], row.get("status")) for row in second["transactions"]] == [("3", "refunded"), ("2", None)]
    third = caller.transactions(merchant, limit=2, cursor=second["next_cursor"]).json()
    assert [row["id"] for row in third["transactions"]] == ["0"]


def test_rows_are_served_with_the_very_digits_given(serve: Serve) -> None:
    text = (
        f'{{"id":"x","amount":12345678901234567890.10,"fee":1E-9,"created_at":"{_at(0)}",'
        '"platform_data":{"b" : 1.50, "a":null}}'
    )
    merchant = Merchant.of([text])
    assert text in serve(merchant).transactions(merchant).text

"""Scripted faults: each meets the request it was written for, and one that meets none ends the test."""

from datetime import datetime
from typing import Any

import httpx
import pytest

from rutter_assets.sandbox import Clock, Fault, Merchant, Sandbox, UnspentFaults, World, faults

from .caller import Caller

ROWS = [{"id": f"row-{n}", "created_at": f"2026-01-01T00:00:0{n}.000Z", "amount": n} for n in range(6)]
SHOP, OTHER = Merchant.of(ROWS, name="Shop (sample)"), Merchant.of(name="Other (sample)")


def scripted(epoch: datetime, *script: Fault) -> Sandbox:
    return Sandbox(World.of([SHOP, OTHER]), Clock.frozen(epoch), faults=script)


def walk(caller: Caller, **params: Any) -> list[list[str]]:
    """The ids of each page of a walk, two rows a page."""
    pages: list[list[str]] = []
    cursor = None
    while len(pages) < 9:
        page = caller.transactions(SHOP, limit=2, **params, **({"cursor": cursor} if cursor else {})).json()
        pages.append([row["id"] for row in page["transactions"]])
        if (cursor := page.get("next_cursor")) is None:
            break
    return pages


def test_a_fault_that_no_request_met_is_named_when_the_sandbox_ends(epoch: datetime) -> None:
    with (
        pytest.raises(UnspentFaults, match=r"^No request met these faults: cut on /connections\.$"),
        scripted(epoch, faults.limited(), faults.cut().on("/connections")) as sandbox,
        Caller(sandbox) as caller,
    ):
        assert caller.transactions(SHOP).status_code == 429


def test_an_error_of_the_block_itself_is_not_hidden_by_unspent_faults(epoch: datetime) -> None:
    with pytest.raises(KeyError), scripted(epoch, faults.cut()):
        raise KeyError


def test_a_fault_that_cannot_do_what_it_is_for_ends_the_test(epoch: datetime) -> None:
    """`cursor_again` needs a page that a cursor led to."""
    with (
        pytest.raises(KeyError, match="cursor"),
        scripted(epoch, faults.cursor_again()) as sandbox,
        Caller(sandbox) as caller,
    ):
        assert caller.transactions(SHOP).status_code == 500


def test_faults_of_one_path_happen_one_after_the_other_and_once_each(epoch: datetime) -> None:
    script = [faults.failing(500), faults.failing(502).on(after=1), faults.limited_by_platform()]
    with scripted(epoch, *script) as sandbox, Caller(sandbox) as caller:
        assert [caller.transactions(SHOP).status_code for _ in range(5)] == [500, 200, 502, 452, 200]


def test_a_fault_may_be_meant_for_one_connection_or_another_path(epoch: datetime) -> None:
    script = [faults.failing().on(connection_id=OTHER.id), faults.failing(503).on("/connections")]
    with scripted(epoch, *script) as sandbox, Caller(sandbox) as caller:
        assert [caller.transactions(shop).status_code for shop in (SHOP, OTHER, OTHER)] == [200, 502, 200]
        assert caller.get("/connections").status_code == 503


def test_a_lasting_fault_meets_every_request_that_no_other_fault_is_for(epoch: datetime) -> None:
    with scripted(epoch, faults.failing().lasting()) as sandbox, Caller(sandbox) as caller:
        assert [caller.transactions(SHOP).status_code for _ in range(3)] == [502] * 3
        sandbox.script.add(faults.limited())
        assert [caller.transactions(SHOP).status_code for _ in range(2)] == [429, 502]


def test_what_a_fault_does_is_recorded_and_carries_a_request_id(epoch: datetime) -> None:
    with scripted(epoch, faults.failing(), faults.cut()) as sandbox, Caller(sandbox) as caller:
        assert caller.transactions(SHOP).headers["X-Rutter-Request-ID"]
        with pytest.raises(httpx.RemoteProtocolError):
            caller.transactions(SHOP)
    assert [record.status for record in sandbox.requests] == [502, None]


def test_a_renewed_secret_opens_the_door_and_the_old_one_no_longer(epoch: datetime) -> None:
    with scripted(epoch) as sandbox, Caller(sandbox) as caller:
        sandbox.renew_client_secret()
        assert caller.transactions(SHOP).json()["error_code"] == "INVALID_CREDENTIALS"
        with Caller(sandbox) as renewed:
            assert renewed.transactions(SHOP).status_code == 200


def test_the_faults_of_a_page_change_that_page_and_nothing_else(epoch: datetime) -> None:
    asc = {"sort": "asc"}
    whole = [["row-0", "row-1"], ["row-2", "row-3"], ["row-4", "row-5"]]
    scripts: list[tuple[Fault, list[list[str]]]] = [
        (faults.empty_page(), [[], *whole]),
        (faults.empty_page().on(after=1), [whole[0], [], *whole[1:]]),
        (faults.rows_again(1).on(after=1), [whole[0], ["row-1", *whole[1]], whole[2]]),
        (faults.cursor_again().on(after=1), [whole[0], whole[1], *whole[1:]]),
        (faults.cursor_to_start().on(after=2), [*whole, *whole[1:]]),
        (faults.without_cursor().on(after=2), whole),
    ]
    for fault, pages in scripts:
        with scripted(epoch, fault) as sandbox, Caller(sandbox) as caller:
            assert walk(caller, **asc) == pages, fault


@pytest.mark.parametrize("sort", ["asc", "desc"])
def test_a_row_that_appears_while_paging_moves_no_other_row(epoch: datetime, sort: str) -> None:
    """Cursors name rows, not offsets: what comes before the reader is missed in this walk, what comes after is seen."""
    early, late = (
        {"id": f"row-{n}", "created_at": f"{when}T00:00:00.000Z"} for n, when in ((8, "2025-01-01"), (9, "2026-02-01"))
    )
    shop = Merchant.of(
        [*ROWS, *({**row, "updated_at": "2026-11-20T12:00:00.000Z"} for row in (early, late))], name="Shop (sample)"
    )
    clock = Clock.frozen(datetime.fromisoformat("2026-11-20T11:00:00Z"))
    appear = faults.meanwhile(lambda: clock.set(datetime.fromisoformat("2026-11-20T13:00:00Z"))).on(after=1)
    with Sandbox(World.of([shop]), clock, faults=[appear]) as sandbox, Caller(sandbox) as caller:
        found = [row_id for page in walk(caller, sort=sort) for row_id in page]
    seen = [f"row-{n}" for n in range(6)]
    assert found == ([*seen, "row-9"] if sort == "asc" else [*seen[::-1], "row-8"])

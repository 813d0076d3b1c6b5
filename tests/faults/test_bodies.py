"""Bodies that are broken, of another shape or of no size at all: bounded, told in a sentence, never stored."""

import tracemalloc
from pathlib import Path

import pytest

from rutter_assets.errors import ContractError
from rutter_assets.lake.lake import Lake
from rutter_assets.sandbox import Fault, faults
from tests.cli.command import pointed_at, run
from tests.conftest import ServeWorld
from tests.faults.conftest import NEIGHBOUR, SHOP, assert_true, faulty, of_shop, read

NOTHING_OF_THE_SHOP = tuple(f"transaction-{n:04d}" for n in range(1, 9))
MIB = 2**20


def test_a_packed_answer_is_read_like_any_other(serve: ServeWorld, lake: Lake) -> None:
    sandbox = faulty(serve, faults.packed(), faults.packed().on(after=1), faults.packed().on("/connections"))
    assert of_shop(read(sandbox, lake)).message == "8 transactions read."
    assert_true(lake, sandbox)
    assert len([record for record in sandbox.requests if record.connection_id == SHOP.id]) == 1 + 3


@pytest.mark.parametrize("fault", [faults.truncated(), faults.packed_badly()], ids=str)
def test_a_body_that_was_damaged_on_its_way_is_asked_for_again(serve: ServeWorld, lake: Lake, fault: Fault) -> None:
    sandbox = faulty(serve, fault.on(after=1))
    report = read(sandbox, lake)
    assert (of_shop(report).kind, report.traffic.retries) == ("synced", 1)
    assert_true(lake, sandbox)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (faults.truncated(), "The API's answer was damaged on its way: its JSON breaks off. (GET /tran"),
        (faults.packed_badly(), "The API's answer was damaged on its way: it cannot be unpacked. (GET /tran"),
    ],
    ids=str,
)
def test_damage_that_lasts_is_told(serve: ServeWorld, lake: Lake, fault: Fault, said: str) -> None:
    sandbox = faulty(serve, fault.lasting())
    assert of_shop(read(sandbox, lake, give_up_after_s=0.7)).message.startswith(said)
    assert_true(lake, sandbox, but=NOTHING_OF_THE_SHOP)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"rows": []}, "Object missing required field `transactions`"),
        ([], "Expected `object`, got `array`"),
        ({"transactions": {}}, "Expected `array`, got `object` - at `$.transactions`"),
        ({"transactions": [], "next_cursor": 7}, "Expected `str | null`, got `int` - at `$.next_cursor`"),
    ],
)
def test_json_of_another_shape_is_named_and_not_asked_for_again(
    serve: ServeWorld, lake: Lake, body: object, said: str
) -> None:
    sandbox = faulty(serve, faults.of_another_shape(body))
    report = read(sandbox, lake)
    assert of_shop(report).message.startswith(f"The API's answer is not what its contract says: {said}. (GET /transac")
    assert report.traffic.retries == 0
    assert_true(lake, sandbox, but=NOTHING_OF_THE_SHOP)
    read(sandbox, lake)
    assert_true(lake, sandbox)


def test_a_web_page_instead_of_the_api_names_the_address_to_check(serve: ServeWorld, tmp_path: Path) -> None:
    sandbox = faulty(serve, faults.no_api().on("/connections"))
    result = run("sync", env=pointed_at(sandbox, tmp_path / "lake"))
    assert result.exit_code == 3
    assert result.stderr.startswith(
        "rutter-assets: The answer is no JSON, so it is not the API's: check RUTTER_BASE_URL. (GET /connections: HTTP"
    )
    assert len(sandbox.requests) == 1


def test_a_connection_of_another_shape_is_named_and_nothing_is_read(serve: ServeWorld, lake: Lake) -> None:
    """Without its token it cannot be read, and without it the list would not be all there is."""
    listed = [{"id": one.id, "access_token": None, "platform": one.platform} for one in (NEIGHBOUR, SHOP)]
    listed[0]["access_token"] = NEIGHBOUR.access_token
    sandbox = faulty(serve, faults.of_another_shape({"connections": listed}).on("/connections"))
    said = f"^Connection {SHOP.id} is not what the API's contract says: Expected `str` - at `\\$.access_token`"
    with pytest.raises(ContractError, match=said):
        read(sandbox, lake)
    assert [record.path for record in sandbox.requests] == ["/connections"]
    read(sandbox, lake)
    assert_true(lake, sandbox)


@pytest.mark.parametrize("fault", [faults.huge(), faults.gzip_bomb()], ids=str)
def test_a_body_of_100_mb_costs_the_bound_and_no_more(serve: ServeWorld, lake: Lake, fault: Fault) -> None:
    sandbox = faulty(serve, fault)
    tracemalloc.start()
    try:
        report = read(sandbox, lake, most_body_bytes=4 * MIB)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert of_shop(report).message.startswith(
        "The API's answer is larger than 4 MiB, which no page or list of it should be: report it. (GET /transactions:"
    )
    assert peak_bytes < 24 * MIB
    assert_true(lake, sandbox, but=NOTHING_OF_THE_SHOP)
    read(sandbox, lake)
    assert_true(lake, sandbox)

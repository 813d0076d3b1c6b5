"""The network: silence, slowness and cut connections end in time, and what was half read is not stored."""

import time

import pytest

from rutter_assets.lake.lake import Lake
from rutter_assets.sandbox import Fault, faults
from tests.conftest import ServeWorld
from tests.faults.conftest import assert_true, faulty, of_shop, read, stored

NOTHING_OF_THE_SHOP = tuple(f"transaction-{n:04d}" for n in range(1, 9))


@pytest.mark.parametrize("fault", [faults.silent(), faults.stalled()], ids=str)
def test_a_silence_before_or_within_an_answer_ends_and_the_request_is_repeated(
    serve: ServeWorld, lake: Lake, fault: Fault
) -> None:
    sandbox = faulty(serve, fault.on(after=1))
    report = read(sandbox, lake, timeout_s=0.3)
    assert (of_shop(report).kind, report.traffic.retries) == ("synced", 1)
    assert_true(lake, sandbox)


@pytest.mark.parametrize("fault", [faults.silent(), faults.stalled()], ids=str)
def test_a_silence_that_lasts_is_told_with_its_length(serve: ServeWorld, lake: Lake, fault: Fault) -> None:
    sandbox = faulty(serve, fault.lasting())
    report = read(sandbox, lake, timeout_s=0.2, give_up_after_s=1.0)
    assert of_shop(report).message.startswith("No answer from the API for 0.2 s. (GET /transactions: ")
    assert_true(lake, sandbox, but=NOTHING_OF_THE_SHOP)


def test_an_answer_that_drips_is_cut_off_as_a_whole(serve: ServeWorld, lake: Lake) -> None:
    sandbox = faulty(serve, faults.dripping(0.02))
    started = time.monotonic()
    report = read(sandbox, lake, timeout_s=10, give_up_after_s=1.0)
    assert time.monotonic() - started < 8
    assert of_shop(report).message.startswith("The API's answer did not end within 1 s. (GET /transactions: HTTP 200, ")
    assert_true(lake, sandbox, but=NOTHING_OF_THE_SHOP)
    read(sandbox, lake)
    assert_true(lake, sandbox)


@pytest.mark.parametrize("fault", [faults.cut(), faults.cut_in_body()], ids=str)
def test_a_connection_that_is_cut_is_opened_again(serve: ServeWorld, lake: Lake, fault: Fault) -> None:
    sandbox = faulty(serve, fault, fault.on(after=1))
    report = read(sandbox, lake)
    assert (of_shop(report).kind, report.traffic.retries) == ("synced", 2)
    assert_true(lake, sandbox)


@pytest.mark.parametrize("fault", [faults.cut(), faults.cut_in_body()], ids=str)
def test_a_connection_that_is_always_cut_leaves_what_was_stored(serve: ServeWorld, lake: Lake, fault: Fault) -> None:
    read(faulty(serve), lake)
    before = stored(lake)
    sandbox = faulty(serve, fault.on(after=1).lasting())
    lake.forget(sandbox.world.merchants[0].id, "SHOPIFY")
    report = read(sandbox, lake, give_up_after_s=0.7)
    assert of_shop(report).message.startswith("No answer from the API: RemoteProtocolError. (GET /transactions: ")
    assert stored(lake) == before


def test_a_cut_list_of_connections_is_asked_for_again(serve: ServeWorld, lake: Lake) -> None:
    sandbox = faulty(serve, faults.cut().on("/connections"), faults.cut_in_body().on("/connections"))
    assert read(sandbox, lake).traffic.retries == 2
    assert_true(lake, sandbox)

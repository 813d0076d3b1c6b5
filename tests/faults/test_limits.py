"""Limits and failures that the API announces: waited for where that helps, and never anybody else's trouble."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rutter_assets.lake.lake import Lake
from rutter_assets.rutter.responses import retry_after_s
from rutter_assets.sandbox import faults
from tests.conftest import ServeWorld
from tests.faults.conftest import assert_true, faulty, of_shop, read


def test_a_limit_that_says_nothing_is_waited_for_and_the_request_repeated(serve: ServeWorld, lake: Lake) -> None:
    sandbox = faulty(serve, faults.limited(), faults.limited())
    report = read(sandbox, lake)
    assert of_shop(report).message == "8 transactions read."
    assert report.traffic.retries == 2
    assert_true(lake, sandbox)


@pytest.mark.parametrize("form", ["seconds", "HTTP date"])
def test_a_limit_that_says_how_long_is_waited_for_that_long(serve: ServeWorld, lake: Lake, form: str) -> None:
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=2)
    sandbox = faulty(serve, faults.limited("1" if form == "seconds" else format_datetime(until, usegmt=True)))
    started = time.monotonic()
    report = read(sandbox, lake)
    if form == "seconds":
        assert time.monotonic() - started >= 1
    else:
        assert datetime.now(UTC) >= until
    assert (of_shop(report).kind, report.traffic.retries) == ("synced", 1)
    assert_true(lake, sandbox)


@pytest.mark.parametrize("said", ["0", "Wed, 21 Oct 2015 07:28:00 GMT", "-5", "soon", "\N{SUPERSCRIPT TWO}"])
def test_a_retry_after_that_is_past_or_nonsense_leaves_the_waits_to_us(
    serve: ServeWorld, lake: Lake, said: str
) -> None:
    assert retry_after_s(said) is None
    if said.isascii():
        sandbox = faulty(serve, faults.limited(said))
        assert read(sandbox, lake).traffic.retries == 1
        assert_true(lake, sandbox)


def test_an_absurd_retry_after_is_not_waited_for(serve: ServeWorld, lake: Lake) -> None:
    sandbox = faulty(serve, faults.limited("86400"))
    report = read(sandbox, lake, give_up_after_s=1.0)
    assert of_shop(report).message.startswith("The API's rate limit is used up. It asks to wait 86,400 s. (GET /trans")
    assert_true(lake, sandbox, but=tuple(f"transaction-{n:04d}" for n in range(1, 9)))
    read(sandbox, lake)
    assert_true(lake, sandbox)


@given(st.text() | st.from_regex(r"[A-Z][a-z]{2}, \d{1,5} (Jan|Oct) \d{1,6} \d{1,3}:\d\d:\d\d [A-Z+-]{0,3}\d{0,9}"))
def test_no_retry_after_makes_the_client_fall(said: str) -> None:
    wait_s = retry_after_s(said)
    assert wait_s is None or 0 < wait_s <= 1e9


def test_a_burst_of_server_errors_in_html_is_outlasted(serve: ServeWorld, lake: Lake) -> None:
    sandbox = faulty(serve, *(faults.failing(status) for status in (500, 502, 503, 502)))
    report = read(sandbox, lake)
    assert (of_shop(report).kind, report.traffic.retries) == ("synced", 4)
    assert_true(lake, sandbox)


def test_an_outage_that_lasts_is_that_merchants_and_the_next_run_reads_the_rest(serve: ServeWorld, lake: Lake) -> None:
    sandbox = faulty(serve, faults.failing().lasting())
    report = read(sandbox, lake, give_up_after_s=1.0)
    assert of_shop(report).kind == "failed"
    assert of_shop(report).message.startswith("The API failed on its side. (GET /transactions: HTTP 502, request sandb")
    whole = faulty(serve)
    read(whole, lake)
    assert_true(lake, whole)


def test_a_platform_that_limits_rutter_is_waited_for(serve: ServeWorld, lake: Lake) -> None:
    sandbox = faulty(serve, faults.limited_by_platform())
    report = read(sandbox, lake)
    assert (of_shop(report).kind, report.traffic.retries) == ("synced", 1)
    assert_true(lake, sandbox)


def test_a_platform_that_refuses_is_that_merchants_trouble_and_not_asked_again(serve: ServeWorld, lake: Lake) -> None:
    sandbox = faulty(serve, faults.refused_by_platform().on(after=1))
    report = read(sandbox, lake)
    assert of_shop(report).message.startswith(
        "The merchant's platform refused the request. (GET /transactions: HTTP 450, PLATFORM_BAD_REQUEST, request sand"
    )
    assert report.traffic.retries == 0
    assert_true(lake, sandbox, but=tuple(f"transaction-{n:04d}" for n in range(1, 9)))
    read(sandbox, lake)
    assert_true(lake, sandbox)

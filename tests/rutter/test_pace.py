"""The request budget: never above the limit in any window of 10 s, and close to it."""

import asyncio
import multiprocessing
import time
import uuid
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rutter_assets.rutter.pace import Budget, MachinePace, Pace, ProcessPace


@given(limit=st.integers(1, 2_000), idle_s=st.lists(st.floats(0, 30), max_size=5))
def test_no_window_of_ten_seconds_holds_more_than_the_limit(limit: int, idle_s: list[float]) -> None:
    budget = Budget.of_limit(limit)
    starts, due, now = [], 0.0, 100.0
    for pause_s in [*idle_s, 0.0]:
        now += pause_s
        for _ in range(min(limit * 2, 200) + 1):
            due, wait_s = budget.reserve(due, now)
            now += wait_s
            starts.append(now)
    for first in range(len(starts) - limit):
        assert starts[first + limit] - starts[first] >= 10


@pytest.mark.parametrize("limit", [100, 500, 5_000])
def test_a_saturated_minute_uses_at_least_95_percent_of_the_budget(limit: int) -> None:
    budget, due, now, requests = Budget.of_limit(limit), 0.0, 0.0, 0
    while now < 60:
        due, wait_s = budget.reserve(due, now)
        now += wait_s
        requests += 1
    assert requests >= 0.95 * limit * 6


def test_two_processes_share_the_budget_of_one_machine() -> None:
    organization = f"test-{uuid.uuid4()}"
    processes = [multiprocessing.get_context("spawn").Process(target=_turns, args=(organization, 25)) for _ in range(2)]
    started = time.monotonic()
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    interval_s = Budget.of_limit(100).interval_s
    assert [process.exitcode for process in processes] == [0, 0]
    assert time.monotonic() - started >= (50 - 1 - Budget.of_limit(100).burst) * interval_s


@pytest.mark.parametrize("of_machine", [False, True])
def test_a_429_holds_everybody_back(of_machine: bool) -> None:
    organization = f"test-{uuid.uuid4()}"
    warned: Pace = MachinePace(10_000, organization) if of_machine else ProcessPace(10_000)
    other: Pace = MachinePace(10_000, organization) if of_machine else warned
    started = time.monotonic()
    warned.slow_down(0.3)
    asyncio.run(other.turn())
    assert (
        time.monotonic() - started >= 0.3
    )  # by the clock and not by what was waited, of which a busy machine eats a part


def _turns(organization: str, count: int) -> None:
    pace = MachinePace(100, organization)

    async def take() -> None:
        for _ in range(count):
            await pace.turn()

    asyncio.run(take())


def test_a_turn_that_a_held_up_process_slept_through_is_lost() -> None:
    """Taken late, it would come on top of the turns of now, and the limit would count both."""
    started: list[float] = []

    async def ask(pace: ProcessPace) -> None:
        await pace.turn()
        started.append(time.monotonic())

    async def held_up() -> None:
        pace = ProcessPace(100)
        asking = [asyncio.create_task(ask(pace)) for _ in range(8)]
        await asyncio.sleep(0.05)
        time.sleep(0.45)  # noqa: ASYNC251 - this is what holds the loop up
        await asyncio.gather(*asking)

    asyncio.run(held_up())
    at_once = sum(later - earlier < 0.03 for earlier, later in pairwise(started))
    assert at_once <= 1

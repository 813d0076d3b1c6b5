"""The server as a guest in somebody's process: starting, stopping, keeping count, standing aside."""

import asyncio
import gc
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime, timedelta
from time import perf_counter

import httpx
import pytest

from rutter_assets.sandbox import Clock, Merchant, Sandbox, World
from rutter_assets.sandbox.rate import SlidingWindow

from .caller import VERSION, Caller

SHOP = Merchant.of([{"id": "x", "created_at": "2026-01-01T00:00:00.000Z", "amount": 1}])


def _sandbox(epoch: datetime, requests_per_10s: int = 500, latency_ms: int = 0, port: int = 0) -> Sandbox:
    return Sandbox(World.of([SHOP]), Clock.frozen(epoch), requests_per_10s, latency_ms, port=port)


def test_it_starts_and_stops_quickly_and_leaves_nothing_behind(epoch: datetime) -> None:
    threads = set(threading.enumerate())
    started_s = perf_counter()
    for _ in range(5):
        with _sandbox(epoch) as sandbox, Caller(sandbox) as caller:
            assert caller.get("/connections").status_code == 200
    assert perf_counter() - started_s < 2
    assert set(threading.enumerate()) == threads
    gc.collect()  # a socket that was not closed would warn here, and a warning fails the test


def test_it_stops_while_a_client_keeps_its_connection_open(epoch: datetime) -> None:
    with ExitStack() as after:
        with _sandbox(epoch) as sandbox:
            caller = after.enter_context(Caller(sandbox))
            caller.get("/connections")
            started_s = perf_counter()
        assert perf_counter() - started_s < 1
        with pytest.raises(httpx.TransportError):
            caller.get("/connections")


def test_a_port_in_use_raises_in_the_caller(epoch: datetime) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        _sandbox(epoch, port=taken.getsockname()[1]).__enter__()


def test_it_listens_on_the_port_asked_for(epoch: datetime) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with _sandbox(epoch, port=port) as sandbox:
        assert sandbox.base_url == f"http://127.0.0.1:{port}/versioned"


def test_it_runs_where_an_event_loop_runs_already(epoch: datetime) -> None:
    async def inside() -> int:
        with _sandbox(epoch) as sandbox:
            auth = (sandbox.client_id, sandbox.client_secret)
            async with httpx.AsyncClient(auth=auth, headers=VERSION, trust_env=False) as client:
                return (await client.get(f"{sandbox.base_url}/connections")).status_code

    assert asyncio.run(inside()) == 200


def test_it_runs_once(epoch: datetime) -> None:
    sandbox = _sandbox(epoch)
    with pytest.raises(RuntimeError, match="not running"):
        _ = sandbox.base_url
    with sandbox:
        pass
    with pytest.raises(RuntimeError, match="runs once"):
        sandbox.__enter__()


def test_latency_is_waited_side_by_side(epoch: datetime) -> None:
    with _sandbox(epoch, latency_ms=200) as sandbox, Caller(sandbox) as caller, ThreadPoolExecutor(8) as pool:
        started_s = perf_counter()
        list(pool.map(lambda _: caller.transactions(SHOP), range(8)))
        took_s = perf_counter() - started_s
    assert 0.2 <= took_s < 1.2


def test_requests_are_recorded_without_the_token(epoch: datetime) -> None:
    with _sandbox(epoch) as sandbox, Caller(sandbox) as caller:
        caller.transactions(SHOP, limit=7)
        caller.get("/connections", params={"status": "nonsense"})
        first, second = sandbox.requests
        assert (first.path, first.params, first.status) == ("/transactions", {"limit": "7"}, 200)
        assert (first.connection_id, first.at) == (SHOP.id, epoch)
        assert (second.path, second.connection_id, second.status) == ("/connections", None, 400)
        sandbox.requests.clear()
        caller.get("/connections")
        assert len(sandbox.requests) == 1


def test_the_request_over_the_limit_is_429_and_says_nothing_of_when_to_retry(epoch: datetime) -> None:
    with _sandbox(epoch, requests_per_10s=20) as sandbox, Caller(sandbox) as caller:
        statuses = [caller.transactions(SHOP).status_code for _ in range(20)]
        refused = caller.get("/connections")
    assert statuses == [200] * 20
    assert refused.status_code == 429
    assert refused.json()["error_code"] == "RATE_LIMIT_EXCEEDED"
    assert "retry-after" not in refused.headers


def test_no_window_of_ten_seconds_admits_more_than_the_limit() -> None:
    asked_s = (0, 1, 4, 5, 9, 10, 11, 12, 13, 14, 15, 19, 20, 21)
    window = SlidingWindow(3, monotonic_s=iter(asked_s).__next__)
    admitted_s = [now_s for now_s in asked_s if window.admits()]
    assert admitted_s == [0, 1, 4, 10, 11, 14, 20, 21]


def test_two_merchants_of_one_id_are_refused() -> None:
    with pytest.raises(ValueError, match="share one id"):
        World.of([Merchant.of(), Merchant.of()])


def test_it_imports_nothing_of_the_product() -> None:
    program = (
        "import sys, rutter_assets.sandbox.cli, rutter_assets.sandbox.demo, rutter_assets.sandbox.bulk\n"
        "print([m for m in sys.modules if m.startswith('rutter_assets.')"
        " and not m.startswith('rutter_assets.sandbox')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_truth_can_be_written_down_from_the_shell(epoch: datetime) -> None:
    now = (epoch + timedelta(minutes=5)).isoformat()
    command = [sys.executable, "-m", "rutter_assets.sandbox", "truth", "refund_ratios", "--epoch", epoch.isoformat()]
    options = ["--clock", now, "--connection", World.demo(epoch=epoch).merchants[0].id]
    done = subprocess.run(
        [*command, *options, "--from", "2026-11-18", "--to", "2026-11-19"], capture_output=True, text=True, check=True
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    assert '"date": "2026-11-18"' in lines[0]
    assert '"gross_volume": "' in lines[0]

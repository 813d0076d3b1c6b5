"""`rutter-assets sync` over real HTTP, against what the sandbox knows to be true."""

import re
import shutil
import signal
import subprocess
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from rutter_assets.rutter.window import unix_ms
from rutter_assets.sandbox import Merchant, Truth, World, faults
from tests.cli.command import COMMAND, embedded, exact, files, on_a_terminal, pointed_at, run, run_apart, surroundings
from tests.cli.conftest import Synced
from tests.conftest import ServeWorld, row

START = date(2025, 10, 20)


def test_a_sync_loads_what_the_sandbox_knows_to_be_true(synced: Synced, truth: Truth, world: World) -> None:
    assert synced.result.exit_code == 0, synced.result.output
    open_ids = {merchant.id for merchant in world.merchants if f"synced        {merchant.name}" in synced.result.stdout}
    assert len(open_ids) == 10
    expected = {}
    for connection_id in open_ids:
        rows = truth.transactions(connection_id, datetime(2025, 10, 20, tzinfo=UTC))
        amounts = sum((one["amount"] for one in rows if one["amount"] is not None), Decimal(0))
        fees = sum((one["fee"] for one in rows if one["fee"] is not None), Decimal(0))
        expected[connection_id] = (len(rows), exact(amounts), exact(fees))
    query = f"""
        select connection_id, count(*), coalesce(sum(amount), 0), coalesce(sum(fee), 0)
        from '{synced.lake}/transactions/**/*.parquet' group by connection_id
    """
    found = {
        one: (count, exact(amounts), exact(fees))
        for one, count, amounts, fees in duckdb.connect().execute(query).fetchall()
    }
    assert found == expected


def test_a_sync_computes_the_marts_of_what_it_loaded(synced: Synced, truth: Truth, world: World) -> None:
    ids = {merchant.id for merchant in world.merchants if f"synced        {merchant.name}" in synced.result.stdout}
    expected: dict[str, Decimal] = defaultdict(Decimal)
    for one in truth.fee_totals(from_date=START):
        if one["connection_id"] in ids:
            expected[one["iso_currency_code"]] += one["fees_total"]
    query = f"""
        select iso_currency_code, sum(fees_total) from '{synced.lake}/marts/fee_totals/**/*.parquet'
        group by iso_currency_code
    """
    found = dict(duckdb.connect().execute(query).fetchall())
    assert {code: exact(fees) for code, fees in found.items()} == {code: exact(f) for code, f in expected.items()}


def test_a_second_sync_changes_no_byte_of_the_lake_s_data(synced: Synced, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    shutil.copytree(synced.lake, lake)
    before = files(lake / "transactions"), files(lake / "marts")
    again = run("sync", env=embedded(lake))
    assert again.exit_code == 0, again.output
    assert (files(lake / "transactions"), files(lake / "marts")) == before
    assert ", 0 days changed" in again.stdout
    assert not again.stdout.splitlines()[-1].startswith("0 rows")  # it did read the last days again


def test_the_days_of_from_and_to_are_read_again_and_no_others(synced: Synced, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    shutil.copytree(synced.lake, lake)
    days = [lake / "transactions" / f"date={day}" for day in ("2025-10-22", "2025-10-23", "2025-10-24")]
    intact = files(lake / "transactions")
    for day in days:
        shutil.rmtree(day)
    again = run("sync", "--from", "2025-10-22", "--to", "2025-10-23", env=embedded(lake))
    assert again.exit_code == 0, again.output
    found = {name: content for name, content in intact.items() if not name.startswith("date=2025-10-24")}
    assert files(lake / "transactions") == found


def test_a_day_without_its_mart_is_computed_by_the_next_sync(synced: Synced, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    shutil.copytree(synced.lake, lake)
    before = files(lake / "marts")
    shutil.rmtree(lake / "marts" / "fee_totals" / "date=2025-10-25")
    assert run("sync", env=embedded(lake)).exit_code == 0
    assert files(lake / "marts") == before


def test_a_named_connection_is_the_only_one_asked_for(serve: ServeWorld, tmp_path: Path) -> None:
    wanted, other = _merchant("Wanted", 3), _merchant("Other", 3)
    sandbox = serve(wanted, other)
    result = run("sync", "--connection", wanted.id, env=pointed_at(sandbox, tmp_path / "lake"))
    assert result.exit_code == 0, result.output
    assert {request.connection_id for request in sandbox.requests} == {None, wanted.id}
    assert "3 rows in 3 requests" in result.stdout


def test_a_whole_sync_asks_for_each_status_once_and_keeps_it_as_a_snapshot(serve: ServeWorld, tmp_path: Path) -> None:
    sandbox = serve(_merchant("One", 3), _merchant("Two", 3))
    assert run("sync", env=pointed_at(sandbox, tmp_path / "lake")).exit_code == 0
    asked = Counter(request.path for request in sandbox.requests)
    assert asked == {"/connections": 1, "/connections/status": 2, "/transactions": 2}
    assert len(files(tmp_path / "lake" / "connections")) == 1


def test_a_closed_gate_is_no_failure_and_says_why(synced: Synced) -> None:
    assert synced.result.exit_code == 0
    assert re.search(r"^waiting +Slowpoke Records .*still in its initial sync", synced.result.stdout, re.MULTILINE)
    assert re.search(r"^disabled +Shuttered .*must pay what is due", synced.result.stdout, re.MULTILINE)
    assert synced.result.stderr == ""


def test_where_nobody_looks_there_are_plain_lines_and_no_link(synced: Synced) -> None:
    assert "\x1b" not in synced.result.output
    assert "\r" not in synced.result.output
    assert "Reading 10 connections, about " in synced.result.stdout
    assert "link.rutter.example" not in synced.result.output


def test_one_connection_that_fails_is_named_the_others_are_loaded_and_the_exit_code_is_1(
    serve: ServeWorld, tmp_path: Path
) -> None:
    sandbox = serve(_merchant("One", 3), _merchant("Two", 3), faults=[faults.answer(404)])
    result = run("sync", env=pointed_at(sandbox, tmp_path / "lake"))
    assert result.exit_code == 1
    assert result.stderr == (
        "rutter-assets: 1 of 2 connections failed, the others are on disk: run again to repeat only these.\n"
    )
    assert "3 rows in " in result.stdout
    assert len(re.findall(r"^failed  .*HTTP 404", result.stdout, re.MULTILINE)) == 1


def test_when_every_connection_fails_the_exit_code_is_3(serve: ServeWorld, tmp_path: Path) -> None:
    sandbox = serve(_merchant("One", 3), _merchant("Two", 3), faults=[faults.answer(404), faults.answer(404)])
    result = run("sync", env=pointed_at(sandbox, tmp_path / "lake"))
    assert result.exit_code == 3
    assert result.stderr.count("\n") == 1


def test_credentials_the_api_does_not_accept_are_one_sentence_and_exit_code_3(
    serve: ServeWorld, tmp_path: Path
) -> None:
    sandbox = serve(_merchant("One", 3))
    result = run("sync", env=pointed_at(sandbox, tmp_path / "lake", RUTTER_CLIENT_SECRET="outdated-secret"))
    assert result.exit_code == 3
    assert result.stderr.startswith("rutter-assets: The credentials are not accepted: check RUTTER_CLIENT_ID")
    assert result.stderr.count("\n") == 1
    assert "outdated-secret" not in result.output


def test_a_broken_lake_is_one_sentence_and_exit_code_4(serve: ServeWorld, tmp_path: Path) -> None:
    sandbox = serve(_merchant("One", 3))
    (tmp_path / "lake").mkdir()
    (tmp_path / "lake" / "lake.json").write_text("{")
    result = run("sync", env=pointed_at(sandbox, tmp_path / "lake"))
    assert result.exit_code == 4
    assert result.stderr.startswith("rutter-assets: lake.json in RUTTER_LAKE is broken")
    assert result.stderr.count("\n") == 1
    assert not sandbox.requests


def test_nothing_that_is_logged_holds_a_token_a_secret_or_an_address(serve: ServeWorld, tmp_path: Path) -> None:
    merchant = _merchant("One", 3)
    sandbox = serve(merchant, faults=[faults.answer(500)])
    result = run_apart("--verbose", "sync", env=pointed_at(sandbox, tmp_path / "lake"))
    assert result.returncode == 0, result.stderr
    assert "HTTP Request: GET" in result.stderr  # httpx did log
    assert "The API failed on its side." in result.stderr
    for secret in (merchant.access_token, sandbox.client_secret, merchant.link_url):
        assert secret not in result.stdout + result.stderr


def test_a_retry_is_counted_and_not_told_unless_it_is_asked_for(serve: ServeWorld, tmp_path: Path) -> None:
    sandbox = serve(_merchant("One", 3), faults=[faults.answer(500)])
    result = run_apart("sync", env=pointed_at(sandbox, tmp_path / "lake"))
    assert result.returncode == 0
    assert result.stderr == ""
    assert "(1 retry)" in result.stdout
    assert "stamina" not in result.stdout


@pytest.mark.long
def test_an_interrupted_sync_says_so_keeps_what_it_read_and_is_taken_up_by_the_next(
    serve: ServeWorld, tmp_path: Path
) -> None:
    merchants = [_merchant("Quick", 3), _merchant("Long", 5_000)]
    sandbox = serve(*merchants, latency_ms=300)
    env = pointed_at(sandbox, tmp_path / "lake")
    with subprocess.Popen(
        [*COMMAND, "sync"], env=surroundings(env), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        _wait_until(lambda: sum(request.path == "/transactions" for request in sandbox.requests) >= 3)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert said == ("rutter-assets: interrupted; what was read so far is kept, and the next run goes on from there.\n")
    sandbox.requests.clear()
    assert run("sync", env=env).exit_code == 0
    first = {
        r.connection_id: r.params["created_at_min"] for r in reversed(sandbox.requests) if "created_at_min" in r.params
    }
    assert first[merchants[1].id] == str(unix_ms(datetime(2025, 10, 20, tzinfo=UTC)))
    assert first[merchants[0].id] > first[merchants[1].id]  # all but the last days of it was on disk
    count = duckdb.connect().execute(f"select count(*) from '{tmp_path}/lake/transactions/**/*.parquet'").fetchall()
    assert count == [(5_003,)]


def test_on_a_terminal_there_are_bars_that_go_away_and_lines_of_80_columns(serve: ServeWorld, tmp_path: Path) -> None:
    sandbox = serve(_merchant("One merchant", 700), latency_ms=250)
    shown = on_a_terminal("sync", env=pointed_at(sandbox, tmp_path / "lake"))
    assert "━" in shown
    assert re.search(r"One merchant .*700 rows", shown)
    last = shown.splitlines()[-2:]
    assert last[0].endswith("One merchant: 700 transactions read.")
    assert "700 rows in " in last[1]


def _merchant(name: str, rows: int) -> Merchant:
    return Merchant.of([row(n, "2025-10-30T10:00:00.000Z") for n in range(rows)], name=name)


def _wait_until(happened: Callable[[], bool], within_s: float = 20.0) -> None:
    deadline = time.monotonic() + within_s
    while not happened():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.01)

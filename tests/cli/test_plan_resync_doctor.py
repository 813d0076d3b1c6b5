"""`plan`, `resync`, `doctor` and `sync --updates`, as a user runs them."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from rutter_assets.sandbox import Clock, Fault, Merchant, faults, given_row, gone
from tests.cli.command import files, pointed_at, run
from tests.conftest import ServeWorld, row

OLD = "2025-10-22T08:00:00.000Z"


def amounts(lake: Path) -> list[tuple[str, str]]:
    query = f"select id, amount::varchar from '{lake}/transactions/**/*.parquet' order by id"
    return duckdb.connect().execute(query).fetchall()


def test_a_plan_asks_for_no_transaction_and_writes_none(serve: ServeWorld, tmp_path: Path) -> None:
    sandbox = serve(
        Merchant.of([row(n, OLD) for n in range(700)], name="Alder"), Merchant.of(name="Away", status="disabled")
    )
    result = run("plan", env=pointed_at(sandbox, tmp_path / "lake"))
    assert result.exit_code == 0
    assert {record.path for record in sandbox.requests} == {"/connections", "/connections/status"}
    lines = {line.split()[0]: line.split() for line in result.stdout.splitlines()}
    assert lines["Alder"][1:3] == ["open", "2025-10-20"]
    assert lines["Alder"][-2:] == ["~700", "~2"]
    assert lines["Away"][1] == "disabled"
    assert not (tmp_path / "lake" / "transactions").exists()


def test_what_is_planned_is_what_a_sync_then_asks_for(serve: ServeWorld, tmp_path: Path) -> None:
    sandbox = serve(Merchant.of([row(n, OLD) for n in range(700)]))
    env = pointed_at(sandbox, tmp_path / "lake")
    assert "About 2 requests" in run("plan", env=env).stdout
    sandbox.requests.clear()
    assert run("sync", env=env).exit_code == 0
    assert sum(record.path == "/transactions" for record in sandbox.requests) == 2


def test_a_resync_reads_all_again_and_drops_what_the_api_no_longer_has(serve: ServeWorld, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    rows = [given_row(row(1, OLD)), given_row(row(2, OLD)), gone("transaction-0002", now - timedelta(hours=1))]
    sandbox = serve(Merchant.of(rows, name="Alder"), Merchant.of([row(3, OLD)], name="Birch"), clock=Clock.frozen(now))
    sandbox.clock.set(now - timedelta(hours=2))
    env = pointed_at(sandbox, tmp_path)
    assert run("sync", env=env).exit_code == 0
    assert len(amounts(tmp_path)) == 3
    sandbox.clock.set(now)
    sandbox.requests.clear()
    alder = sandbox.world.merchants[0].id
    result = run("resync", "--connection", alder, env=env)
    assert result.exit_code == 0, result.output
    assert [one for one, _ in amounts(tmp_path)] == ["transaction-0001", "transaction-0003"]
    assert {record.connection_id for record in sandbox.requests if record.path == "/transactions"} == {alder}


def test_a_resync_of_an_unknown_connection_forgets_nothing(serve: ServeWorld, tmp_path: Path) -> None:
    sandbox = serve(Merchant.of([row(1, OLD)]))
    env = pointed_at(sandbox, tmp_path)
    run("sync", env=env)
    before = files(tmp_path / "ledger")
    result = run("resync", "--connection", "unknown", env=env)
    assert result.exit_code == 2
    assert "which the API does not list" in result.stderr
    assert files(tmp_path / "ledger") == before


def test_updates_bring_a_change_of_an_old_day_into_its_marts(serve: ServeWorld, tmp_path: Path) -> None:
    old, now = row(1, OLD, amount=10), datetime.now(UTC)
    changed = old | {"amount": 25, "updated_at": (now - timedelta(hours=1)).isoformat(timespec="milliseconds")}
    sandbox = serve(Merchant.of([old, changed]), clock=Clock.frozen(now - timedelta(hours=2)))
    env = pointed_at(sandbox, tmp_path)
    run("sync", env=env)
    shutil.rmtree(tmp_path / "connections")  # by the sandbox's clock it is two hours old
    sandbox.clock.set(now)
    result = run("sync", "--updates", env=env)
    assert result.exit_code == 0, result.output
    assert "1 day changed" in result.stdout
    volume = duckdb.connect().execute(f"select gross_volume::varchar from '{tmp_path}/marts/fee_totals/**/*.parquet'")
    assert volume.fetchall() == [("25.000000000",)]


def test_updates_go_with_no_dates(tmp_path: Path) -> None:
    result = run("sync", "--updates", "--from", "2025-10-22", env={"RUTTER_LAKE": str(tmp_path)})
    assert result.exit_code == 2
    assert "leave out --from and --to" in result.stderr


def test_a_healthy_set_up_is_said_to_be_so_line_by_line(serve: ServeWorld, tmp_path: Path) -> None:
    sandbox = serve(Merchant.of([row(1, OLD)]))
    result = run("doctor", env=pointed_at(sandbox, tmp_path))
    assert result.exit_code == 0, result.output
    assert [line.split()[:2] for line in result.stdout.splitlines()] == [
        ["ok", "settings"], ["ok", "lake"], ["ok", "credentials"], ["ok", "API"], ["ok", "updates"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([faults.answer(401).on("/connections")], "NOT OK  credentials"),
        ([faults.answer(body={"transactions": [row(1, OLD)]})], "NOT OK  updates      the API ignores"),
    ],
)
def test_what_is_wrong_is_said_and_gives_the_exit_code(
    serve: ServeWorld, tmp_path: Path, answers: list[Fault], said: str
) -> None:
    result = run("doctor", env=pointed_at(serve(Merchant.of([row(1, OLD)]), faults=answers), tmp_path))
    assert result.exit_code == 3
    assert said in result.stdout

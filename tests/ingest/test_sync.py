"""A sync against the sandbox: everything once, one merchant's trouble its own, nothing written twice."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.compute as pc
import pytest

from rutter_assets.errors import IncompleteError, LakeError, SettingError
from rutter_assets.ingest.report import SyncReport
from rutter_assets.ingest.source import REPLAY
from rutter_assets.ingest.sync import SyncRequest, sync
from rutter_assets.lake import layout
from rutter_assets.lake.lake import Lake
from rutter_assets.rutter.window import Window
from rutter_assets.sandbox import Batch, Clock, Merchant, Sandbox, World, faults, given_row, gone
from tests.conftest import NOW, ServeWorld, row, source_of

OCTOBER = Window.of_days(date(2026, 10, 1), date(2026, 11, 1))


def run(sandbox: Sandbox, lake: Lake, window: Window = OCTOBER, **options: Any) -> SyncReport:
    async def body() -> SyncReport:
        source = source_of(sandbox, give_up_after_s=20.0)
        async with source.client:
            request = SyncRequest(window, window.start.date(), **options)
            return await sync(source, lake, request)

    return asyncio.run(body())


def stored(lake: Lake) -> list[dict[str, Any]]:
    return [item for table in lake.transactions() for item in table.to_pylist()]


def files(lake: Lake) -> dict[str, bytes | None]:
    return {path: lake.storage.read(path) for path in lake.storage.paths("transactions")}


def test_the_lake_equals_the_truth_field_by_field(serve: ServeWorld, tmp_path: Path) -> None:
    epoch = NOW
    sandbox = serve(world=World.demo(seed=3, epoch=epoch), requests_per_10s=100_000)
    lake = Lake.open(str(tmp_path), buckets=3, source="sandbox")
    report = run(sandbox, lake, Window.of_days(date(2026, 9, 1), date(2026, 11, 1)))
    found = {(item["connection_id"], item["id"]): item for item in stored(lake)}
    expected = {}
    for outcome in report.of_kind("synced"):
        for item in sandbox.truth.transactions(outcome.connection_id, datetime(2026, 9, 1, tzinfo=UTC)):
            expected[(outcome.connection_id, item["id"])] = item
    assert len(report.of_kind("synced")) >= 9
    assert found.keys() == expected.keys()
    for key, item in expected.items():
        assert {name: found[key][name] for name in item if name in found[key]} == {
            name: value for name, value in item.items() if name in found[key]
        }


def test_the_real_data_set_arrives_whole_and_exact(serve: ServeWorld, lake: Lake, tmp_path: Path) -> None:
    sandbox = serve(world=World.demo(seed=3, epoch=NOW, replay=REPLAY), requests_per_10s=100_000)
    replayed = next(m.id for m in sandbox.world.merchants if "replayed" in m.name)
    run(sandbox, lake, Window.of_days(date(2025, 1, 1), date(2026, 11, 1)), connection_ids=(replayed,))
    connection = duckdb.connect()
    connection.execute("SET TimeZone='UTC'")
    (figures,) = connection.execute(
        "SELECT count(*), count(DISTINCT created_at::DATE), sum(amount) FILTER (type = 'sale'),"
        " sum(amount) FILTER (type = 'refund'), bool_and(created_at::DATE = date), list(DISTINCT iso_currency_code)"
        f" FROM '{tmp_path}/lake/transactions/**/*.parquet'"
    ).fetchall()
    assert figures == (12392, 305, Decimal("601925.64"), Decimal("-26350.97"), True, ["GBP"])


def test_the_same_range_twice_changes_no_byte(serve: ServeWorld, lake: Lake) -> None:
    sandbox = serve(Merchant.of([row(n, f"2026-10-{1 + n % 30:02d}T10:00:00Z") for n in range(700)]))
    run(sandbox, lake)
    before = files(lake)
    sandbox.clock.advance(timedelta(hours=1))
    report = run(sandbox, lake, fresh_since=sandbox.clock.now())
    assert report.rows == 700
    assert files(lake) == before
    assert not any(day.is_changed for day in report.days)


def test_many_days_are_read_in_full_pages(serve: ServeWorld, lake: Lake) -> None:
    sandbox = serve(Merchant.of([row(n, f"2026-10-{1 + n % 30:02d}T10:00:00Z") for n in range(900)]))
    run(sandbox, lake)
    assert [record.path for record in sandbox.requests] == ["/connections", "/connections/status"] + [
        "/transactions"
    ] * 2


def test_every_page_size_gives_the_same_bytes(serve: ServeWorld, tmp_path: Path) -> None:
    times = [f"2026-10-{1 + n % 3:02d}T10:00:{n % 7:02d}Z" for n in range(120)]
    sandbox = serve(Merchant.of([row(n, instant) for n, instant in enumerate(times)]))

    async def load(lake: Lake, page_rows: int) -> None:
        source = source_of(sandbox, page_rows=page_rows)
        async with source.client:
            await sync(source, lake, SyncRequest(OCTOBER, OCTOBER.start.date()))

    contents = []
    for page_rows in (7, 60, 119, 120, 500):
        lake = Lake.open(str(tmp_path / str(page_rows)), buckets=1, source="sandbox")
        asyncio.run(load(lake, page_rows))
        contents.append(files(lake))
    assert len(contents[0]) == 3
    assert all(content == contents[0] for content in contents)


def test_what_was_never_read_is_all_that_a_second_load_reads(serve: ServeWorld, lake: Lake) -> None:
    sandbox = serve(Merchant.of([row(1)]))
    run(sandbox, lake)
    sandbox.requests.clear()
    sandbox.clock.advance(timedelta(hours=2))
    run(sandbox, lake)
    (asked,) = [record.params for record in sandbox.requests if record.path == "/transactions"]
    assert int(asked["created_at_min"]) == int(NOW.timestamp() * 1000)


def test_a_closed_gate_is_skipped_and_says_so(serve: ServeWorld, lake: Lake) -> None:
    later = NOW + timedelta(hours=1)
    batch = Batch(later, NOW - timedelta(days=400), NOW + timedelta(days=400))
    sandbox = serve(
        Merchant.of([row(1)], name="waits", batches=(batch,)),
        Merchant.of([row(2)], name="must log in", status="needs_reauth"),
        Merchant.of([row(3)], name="disabled", status="disabled", disabled_reason="SHOP_IS_LOCKED"),
        Merchant.of([row(4)], name="open"),
    )
    report = run(sandbox, lake)
    kinds = {outcome.name: outcome.kind for outcome in report.outcomes}
    assert kinds == {"waits": "waiting", "must log in": "needs_update", "disabled": "disabled", "open": "synced"}
    assert [item["id"] for item in stored(lake)] == ["transaction-0004"]
    report.raise_for_failures()
    sandbox.clock.set(later)
    assert {item.name for item in run(sandbox, lake).of_kind("synced")} == {"open", "waits"}


def test_a_gate_forced_open_gives_provisional_rows_and_covers_nothing(serve: ServeWorld, lake: Lake) -> None:
    later = NOW + timedelta(hours=1)
    halves = (
        Batch(NOW, NOW - timedelta(days=2), later),
        Batch(later, NOW - timedelta(days=99), NOW - timedelta(days=2)),
    )
    rows = [row(1, "2026-10-31T10:00:00Z"), row(2, "2026-10-05T10:00:00Z")]
    sandbox = serve(Merchant.of(rows, batches=halves))
    run(sandbox, lake, force_fetch=True)
    assert [(item["id"], item["is_provisional"]) for item in stored(lake)] == [("transaction-0001", True)]
    sandbox.clock.set(later)
    run(sandbox, lake)
    assert {item["id"]: item["is_provisional"] for item in stored(lake)} == {
        "transaction-0001": False,
        "transaction-0002": False,
    }


def test_one_merchants_failure_is_reported_and_the_others_are_on_disk(serve: ServeWorld, lake: Lake) -> None:
    merchants = [Merchant.of([row(n)], name=f"merchant {n}") for n in range(4)]
    sandbox = serve(*merchants, faults=[faults.answer(400, {"error_code": "INVALID_CREDENTIALS"})])
    report = run(sandbox, lake)
    assert len(report.of_kind("failed")) == 1
    assert len(stored(lake)) == 3
    with pytest.raises(IncompleteError, match="1 of 4 connections did not succeed") as caught:
        report.raise_for_failures()
    assert report.of_kind("failed")[0].connection_id in str(caught.value)
    sandbox.requests.clear()
    run(sandbox, lake, fresh_since=NOW)
    assert [r.connection_id for r in sandbox.requests if r.path == "/transactions"] == [
        report.of_kind("failed")[0].connection_id
    ]
    assert len(stored(lake)) == 4


def test_a_failed_window_leaves_the_stored_day_as_it_was(serve: ServeWorld, lake: Lake) -> None:
    answers = [
        faults.answer(body={"transactions": [row(9)], "next_cursor": "more"}),
        faults.answer(400, {"error_code": "NEEDS_UPDATE"}),
    ]
    sandbox = serve(Merchant.of([row(1), row(2)]))
    run(sandbox, lake)
    before = files(lake)
    report = run(serve(Merchant.of([row(1), row(2)]), faults=answers), lake, fresh_since=NOW + timedelta(1))
    assert [outcome.kind for outcome in report.outcomes] == ["needs_update"]
    assert files(lake) == before


@pytest.mark.parametrize("content", [b"not Parquet", b"PAR1PAR1"])
def test_a_broken_day_file_is_named_before_any_request(serve: ServeWorld, lake: Lake, content: bytes) -> None:
    sandbox = serve(Merchant.of([row(1)]))
    path = layout.transactions(date(2026, 10, 30), 0)
    lake.storage.write(path, content)
    with pytest.raises(LakeError, match=f"{path} is not a readable Parquet file: move it away"):
        run(sandbox, lake)
    assert sandbox.requests == []


def test_an_unknown_connection_is_named_before_any_transaction_is_asked_for(serve: ServeWorld, lake: Lake) -> None:
    sandbox = serve(Merchant.of([row(1)]))
    with pytest.raises(SettingError, match="no-such-connection, which the API does not list"):
        run(sandbox, lake, connection_ids=("no-such-connection",))
    assert [record.path for record in sandbox.requests] == ["/connections"]


def test_a_row_that_vanished_at_the_source_vanishes_at_the_next_read_of_its_day(serve: ServeWorld, lake: Lake) -> None:
    gone_at = NOW + timedelta(minutes=30)
    sandbox = serve(Merchant.of([given_row(row(1)), given_row(row(2)), gone("transaction-0002", gone_at)]))
    run(sandbox, lake)
    sandbox.clock.set(NOW + timedelta(hours=1))
    run(sandbox, lake, fresh_since=sandbox.clock.now())
    assert [item["id"] for item in stored(lake)] == ["transaction-0001"]


def test_rows_on_a_windows_edge_are_neither_lost_nor_doubled(serve: ServeWorld, lake: Lake) -> None:
    edges = [
        "2026-09-30T23:59:59.999Z",
        "2026-10-01T00:00:00.000Z",
        "2026-11-01T23:59:59.999Z",
        "2026-11-02T00:00:00.000Z",
    ]
    sandbox = serve(
        Merchant.of([row(n, edge) for n, edge in enumerate(edges)]), clock=Clock.frozen(NOW + timedelta(days=3))
    )
    run(sandbox, lake)
    assert [item["id"] for item in stored(lake)] == ["transaction-0001", "transaction-0002"]


def test_rows_outside_of_what_was_asked_for_are_a_failure(serve: ServeWorld, lake: Lake) -> None:
    report = run(
        serve(Merchant.of(), faults=[faults.answer(body={"transactions": [row(1, "2020-01-01T00:00:00Z")]})]), lake
    )
    assert "outside of the window" in report.of_kind("failed")[0].message
    assert stored(lake) == []


def test_a_big_merchant_is_read_in_parts_and_whole(serve: ServeWorld, lake: Lake) -> None:
    world = World.bulk(epoch=NOW, merchants=1, rows=45_000, days=31)
    sandbox = serve(world=world, requests_per_10s=100_000)
    report = run(sandbox, lake)
    truth = sandbox.truth.transactions(world.merchants[0].id, OCTOBER.start, OCTOBER.end)
    assert report.rows == len(truth)
    assert sum(len(table) for table in lake.transactions()) == len(truth)
    total = sum(pc.sum(table["amount"]).as_py() for table in lake.transactions())
    assert total == sum(item["amount"] for item in truth)
    assert sum(record.path == "/transactions" for record in sandbox.requests) <= 1.1 * (len(truth) / 500 + 1)


def test_history_counts_as_loaded_once_it_is_whole(serve: ServeWorld, lake: Lake) -> None:
    sandbox = serve(Merchant.of([row(1)]))
    first = Window.of_days(date(2026, 10, 30), date(2026, 11, 1))
    connection_id = sandbox.world.merchants[0].id

    async def load(window: Window) -> None:
        source = source_of(sandbox)
        async with source.client:
            await sync(source, lake, SyncRequest(window, date(2026, 10, 1)))

    asyncio.run(load(first))
    assert (ledger := lake.ledger(connection_id)) is not None
    assert ledger.history_loaded_at is None
    asyncio.run(load(OCTOBER))
    assert (ledger := lake.ledger(connection_id)) is not None
    assert ledger.history_loaded_at == NOW

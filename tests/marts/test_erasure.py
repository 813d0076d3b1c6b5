"""An erased merchant is in no byte of the lake, and does not come back by itself."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from rutter_assets.errors import LakeError, SettingError
from rutter_assets.ingest.opening import Cursor, look
from rutter_assets.ingest.updates import UpdateRequest, sync_updates
from rutter_assets.lake import layout
from rutter_assets.lake.erased import PATH
from rutter_assets.lake.lake import Lake
from rutter_assets.lake.ledger import StagedWindow
from rutter_assets.marts import completeness
from rutter_assets.marts.erasure import erase
from rutter_assets.marts.mart import MARTS, compute
from rutter_assets.marts.warehouse import build
from rutter_assets.sandbox import Merchant, Sandbox
from tests.conftest import NOW, ServeWorld, row
from tests.whole import OCTOBER, fill, source_of

OF_TOMORROW = "of_tomorrow/known_on=2026-11-01/fee_totals.parquet"
"""A table that this version does not know."""


@pytest.fixture
def sandbox(serve: ServeWorld) -> Sandbox:
    """Three merchants; two of them have transactions of the same ids, the third shares no day with the others."""
    days = [f"2026-10-{20 + n % 3:02d}T10:00:00Z" for n in range(30)]
    rows = [row(n, day, type="refund" if n % 5 == 0 else "sale", fee=1) for n, day in enumerate(days)]
    return serve(
        Merchant.of(rows, name="Alder Outfitters (sample)"),
        Merchant.of(rows, name="Birch Bakery (sample)"),
        Merchant.of([row(n + 500, "2026-10-05T10:00:00Z") for n in range(3)], name="Cedar Cycles (sample)"),
    )


def leave_behind(lake: Lake, merchant: Merchant, other: Merchant) -> None:
    """What else may name a merchant: a staged window, a table that is not known yet, the report."""
    for one in (merchant, other):
        rows = pa.concat_tables(lake.transactions())
        part = lake.stage_part(one.id, rows.filter(pc.equal(rows["connection_id"], one.id)).slice(0, 1))
        lake.record_staged(one.id, one.platform, StagedWindow(OCTOBER.start, OCTOBER.end, NOW, (part,), 1))
    rows = pa.table({"connection_id": [merchant.id, other.id, None], "before": ["1", "2", "3"]})
    sink = pa.BufferOutputStream()
    pq.write_table(rows, sink)
    lake.storage.write(OF_TOMORROW, sink.getvalue().to_pybytes())
    lake.storage.write(layout.REPORT, f"<p>{merchant.name} {merchant.id}</p>".encode())


def texts(folder: Path) -> Iterator[str]:
    """The path and the content of every file below the folder: as it lies there, and as its engine reads it."""
    for file in (file for file in folder.rglob("*") if file.is_file()):
        yield str(file.relative_to(folder))
        yield file.read_bytes().decode("latin-1")
        if file.suffix == ".parquet":
            yield str(pq.ParquetFile(file).read().to_pylist())
        elif file.suffix == ".arrow":
            yield str(pa.ipc.open_file(file).read_all().to_pylist())
        elif file.suffix == ".duckdb":
            with duckdb.connect(file, read_only=True) as published:
                for (name,) in published.sql("select table_name from duckdb_tables()").fetchall():
                    yield str(published.table(name).to_arrow_table().to_pylist())


def test_no_byte_of_an_erased_merchant_is_left(sandbox: Sandbox, lake: Lake, tmp_path: Path) -> None:
    alder, birch, cedar = sandbox.world.merchants
    fill(sandbox, lake)
    leave_behind(lake, cedar, birch)
    canaries = [cedar.id, cedar.name, *(f"transaction-{n + 500:04d}" for n in range(3))]
    assert all(any(canary in text for text in texts(tmp_path)) for canary in canaries)
    erasure = erase(lake, cedar.id)
    assert not [canary for canary in canaries for text in texts(tmp_path) if canary in text]
    assert not any(one.rows_of_connection for one in erasure.after)
    held = {one.table: one.rows_of_connection for one in erasure.before}
    for table in ("connections", "completeness", "ledger", "of_tomorrow", "staging", *MARTS):
        assert held[table] == 1
    for table in ("transactions", "rutter.duckdb: transactions", "rutter.duckdb: movements"):
        assert held[table] == 3
    assert all(count > 0 for table, count in held.items() if table.startswith("rutter.duckdb: refund"))
    assert [text for text in texts(tmp_path) if alder.id in text]


def test_the_others_keep_their_bytes(sandbox: Sandbox, lake: Lake, tmp_path: Path) -> None:
    alder, birch, cedar = sandbox.world.merchants
    fill(sandbox, lake)
    erase(lake, alder.id)
    other = Lake.open(str(tmp_path / "other"), buckets=1, source="sandbox")
    fill(sandbox, other, (birch.id, cedar.id))
    for folder in ("transactions", "marts/fee_totals", "marts/refund_ratios", "marts/refund_cohorts", "ledger"):
        assert _files(lake, folder) == _files(other, folder)
    assert not any(day.is_changed for mart in MARTS.values() for day in compute(lake, mart, OCTOBER.days, NOW.date()))


def test_an_erased_merchant_does_not_come_back_while_the_api_lists_it(sandbox: Sandbox, lake: Lake) -> None:
    alder = sandbox.world.merchants[0]
    fill(sandbox, lake)
    erase(lake, alder.id)
    sandbox.clock.advance(timedelta(hours=1))
    sandbox.requests.clear()
    lake = Lake.open(lake.storage.uri(""), buckets=1, source="sandbox")
    report = fill(sandbox, lake)

    async def later() -> None:
        source = source_of(sandbox, lake)
        async with source.client:
            await sync_updates(source, lake, UpdateRequest(timedelta(hours=24)))
            opening = await look(
                source, lake, Cursor(), history_start=OCTOBER.start.date(), in_flight=(), is_used=lambda _: False,
                now=datetime.now(UTC),
            )  # fmt: skip
        assert (opening.loaded_count, opening.decisions) == (2, [])

    asyncio.run(later())
    assert len(report.outcomes) == 2
    assert alder.id not in {record.connection_id for record in sandbox.requests}
    assert not [text for text in texts(Path(lake.storage.uri(""))) if alder.id in text or alder.name in text]


def test_what_was_in_memory_of_a_run_is_refused(sandbox: Sandbox, lake: Lake) -> None:
    """A run read the merchant before it was erased, and wants to write it after."""
    alder = sandbox.world.merchants[0]
    fill(sandbox, lake)
    running = Lake.open(lake.storage.uri(""), buckets=1, source="sandbox")
    rows = next(running.transactions())
    path = layout.mart("fee_totals", date(2026, 10, 20))
    mart_day = running.storage.read(path) or b""
    erase(lake, alder.id)
    for write in (
        lambda: running.stage_part(alder.id, rows),
        lambda: running.storage.write(path, mart_day),
        lambda: running.storage.change(path, lambda _: mart_day),
        lambda: build(running),
        lambda: completeness.compute(running, OCTOBER.start.date(), NOW),
    ):
        with pytest.raises(LakeError, match="A merchant was erased from RUTTER_LAKE while this run was at work"):
            write()
    assert not [text for text in texts(Path(lake.storage.uri(""))) if alder.id in text]


def test_an_erasure_may_be_repeated_and_lifted(sandbox: Sandbox, lake: Lake) -> None:
    alder = sandbox.world.merchants[0]
    fill(sandbox, lake)
    erase(lake, alder.id)
    before = _files(lake, "")
    assert erase(lake, alder.id).rows == 0
    assert {**_files(lake, ""), PATH: None} == {**before, PATH: None}
    lake.erased.lift(alder.id)
    assert len(fill(sandbox, lake).outcomes) == 3


def test_a_connection_that_the_lake_never_heard_of_is_a_setting_error(sandbox: Sandbox, lake: Lake) -> None:
    fill(sandbox, lake)
    with pytest.raises(SettingError, match="--connection names unknown, of which nothing is in the lake"):
        erase(lake, "unknown")
    assert not lake.storage.exists(PATH)


def test_a_broken_warehouse_is_made_anew(sandbox: Sandbox, lake: Lake) -> None:
    fill(sandbox, lake)
    lake.storage.write(layout.WAREHOUSE, b"half a file that names the merchant")
    erase(lake, sandbox.world.merchants[0].id)
    with duckdb.connect(lake.storage.uri(layout.WAREHOUSE), read_only=True) as published:
        assert len(published.table("transactions")) == 33


def test_one_id_in_two_connections_never_meets(sandbox: Sandbox, lake: Lake) -> None:
    """Alder and Birch have the same ids, orders and amounts, so every figure of the one is that of the other."""
    alder, birch, cedar = sandbox.world.merchants
    fill(sandbox, lake)
    with duckdb.connect(lake.storage.uri(layout.WAREHOUSE), read_only=True) as published:
        for name in ("transactions", "movements", *MARTS):
            rows = published.table(name).to_arrow_table().to_pylist()
            of_each: dict[str, list[Any]] = {alder.id: [], birch.id: [], cedar.id: []}
            for one in rows:
                of_each[one.pop("connection_id")].append(one)
            assert of_each[alder.id] == of_each[birch.id]
            assert of_each[alder.id]
    erase(lake, alder.id)
    assert sum(len(rows) for rows in lake.transactions()) == 33


def _files(lake: Lake, folder: str) -> dict[str, bytes | None]:
    return {path: lake.storage.read(path) for path in lake.storage.paths(folder) if not path.startswith("_staging/")}

"""Whatever bytes come, a reader succeeds or raises the error that it documents; `make chaos` tries 100,000 of them."""

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from rutter_assets.errors import ApiError, ContractError, Exchange, LakeError, SettingError
from rutter_assets.ingest import plan
from rutter_assets.ingest.attention import attention_of
from rutter_assets.ingest.density import Density
from rutter_assets.ingest.gate import gate_of
from rutter_assets.ingest.opening import Cursor, next_key, of_status, without_asking
from rutter_assets.ingest.snapshot import Described, Snapshot
from rutter_assets.ingest.source import world_of
from rutter_assets.ingest.tabulate import tabulate
from rutter_assets.lake import layout, ledger, parquet
from rutter_assets.lake.lake import Lake
from rutter_assets.lake.tables import CONNECTIONS, TRANSACTIONS
from rutter_assets.rutter.decode import Novelties, decode_connections, decode_page, decode_status
from rutter_assets.rutter.responses import error_of
from rutter_assets.rutter.types import Connection
from rutter_assets.rutter.window import Window
from rutter_assets.settings import Settings
from tests.conftest import NOW, row
from tests.fuzz.mutation import mutated

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(7200)]

CASES: Final = int(os.environ.get("CASES", "200"))
"""Cases of all readers together: hypothesis counts them."""


def cases(share: float) -> settings:
    """So much of all cases, from 0 to 1; the same ones each time where they are few."""
    return settings(
        max_examples=max(10, round(CASES * share)),
        deadline=None,
        database=None,
        derandomize="CASES" not in os.environ,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )


BODIES: Final = cases(0.165)
FILES: Final = cases(0.01)
"""Fewer, for each is a file that is written and synced."""

EXCHANGE: Final = Exchange("/transactions", 200, None, "request-1")
WINDOW: Final = Window.of_days(date(2026, 10, 1), date(2026, 10, 31))
START: Final = date(2026, 1, 1)
A: Final = Connection("a", SecretStr("invented"), "SHOPIFY", name="A (sample)")


def page(*rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    reference = {"id": "a", "orgId": "o", "platform": "SHOPIFY"}
    return {"transactions": list(rows), "next_cursor": None, "connection": reference} | more


PAGES: Final = (
    page(row(1), row(2, fee=0.1, platform_data={"kind": "sale", "list": [1, None]}), row(3, type="tip", tax=1.5)),
    page(row(1, gateway_data="text", description="ü", amount=None), next_cursor="abc", extra={"a": 1}),
    page(),
)
STATUS: Final[dict[str, Any]] = {
    "platform": "SHOPIFY",
    "link_url": "https://link.rutter.example/a",
    "created_at": "2026-01-01T00:00:00Z",
    "is_ready": True,
    "is_healthy": True,
    "last_sync_completed_at": "2026-11-01T00:00:00Z",
    "needs_update_status": {"needs_update": False},
    "disabled_status": {"is_disabled": True, "disabled_reason": "UNKNOWN"},
    "historical_sync_status": {
        "historical_sync_completed": True,
        "total": {"transactions": {"oldest_entity_date": "2026-01-01", "synced_count": 5, "ready": True}},
        "synced_transactions_count": 5,
        "batches": [{"batch_num": 1, "progress_info": {}}],
        "novel": 1,
    },
}
LISTS: Final[tuple[Any, ...]] = (
    {
        "connections": [
            {"id": i, "access_token": "invented", "platform": "SHOPIFY", "link_url": "https://l.example", "status": s,
             "name": "A (sample)", "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"}
            for i, s in (("a", "active"), ("b", "needs_reauth"))
        ]
    },
    {"connections": []},
)  # fmt: skip
REFUSALS: Final[tuple[Any, ...]] = (
    {"error_type": "CONNECTION_ERROR", "error_code": "PRODUCT_NOT_READY", "error_message": "wait"},
    {"error_code": None},
    [],
)
INSTANT: Final = "2026-10-01T00:00:00Z"
LEDGERS: Final = (
    {
        "format": 1, "connection_id": "a", "platform": "SHOPIFY", "history_loaded_at": INSTANT, "watermark": INSTANT,
        "covered": [{"start": INSTANT, "end": "2026-10-09T00:00:00Z", "read_at": "2026-10-08T00:00:00Z"},
                    {"start": "2026-10-09T00:00:00Z", "end": "2026-10-10T00:00:00Z", "read_at": INSTANT}],
        "staged": [{"start": INSTANT, "end": "2026-10-02T00:00:00Z", "read_at": INSTANT, "rows": 3,
                    "paths": ["_staging/windows/o/a/n.arrow"], "by": "updated_at",
                    "days": ["2026-10-01", "2026-10-02"]}],
        "last_outcome": {"at": INSTANT, "kind": "synced", "message": "3 transactions read."},
    },
    {"connection_id": "a", "platform": "SHOPIFY"},
)  # fmt: skip
CURSORS: Final[tuple[Any, ...]] = (
    {"version": 1, "after": "a", "attempts": {"a": {"generation": 3, "asked_at": "2026-11-01T11:59:00Z"}}},
    {},
)


@BODIES
@given(mutated(PAGES))
def test_a_page_is_rows_of_the_lake_or_an_error_of_the_api(body: bytes) -> None:
    novelties = Novelties()
    try:
        rows = tabulate(decode_page(body, EXCHANGE, novelties), A, NOW, novelties)
    except ApiError:
        return
    assert rows.schema.equals(TRANSACTIONS.schema)
    rows.to_pylist()
    density = Density(WINDOW)
    density.add(rows)
    density.split()
    novelties.sentences()


@BODIES
@given(mutated(LISTS))
def test_a_list_of_connections_is_a_snapshot_or_an_error_of_the_api(body: bytes) -> None:
    novelties = Novelties()
    try:
        found = decode_connections(body, EXCHANGE, novelties)
    except ApiError:
        return
    snapshot = Snapshot(NOW, [Described(one, None, None, ContractError("no status", EXCHANGE)) for one in found])
    parquet.to_bytes(snapshot.table, CONNECTIONS)
    novelties.sentences()


@BODIES
@given(mutated((STATUS, {"status": STATUS, "connection": {"id": "a"}})))
def test_a_status_is_a_gate_or_an_error_of_the_api(body: bytes) -> None:
    novelties = Novelties()
    try:
        status = decode_status(body, EXCHANGE, novelties)
    except ApiError:
        return
    described = Described(A, status, gate_of(status), None)
    snapshot = Snapshot(NOW, [described])
    parquet.to_bytes(snapshot.table, CONNECTIONS)
    attention_of(snapshot)
    of_status(described)


@BODIES
@given(mutated(REFUSALS), st.sampled_from((400, 401, 404, 429, 500, 302, 299, 999)), st.text(max_size=40))
def test_any_refusal_is_an_error_of_the_api(body: bytes, status: int, retry_after: str) -> None:
    error = error_of(status, {"Retry-After": retry_after}, body, EXCHANGE)
    assert isinstance(error, ApiError)
    assert error.retry_after_s is None or error.retry_after_s >= 0


@BODIES
@given(mutated(LEDGERS))
def test_a_ledger_is_one_that_can_be_planned_with_or_a_lake_error(content: bytes) -> None:
    try:
        found = ledger.decode(content, "ledger/a.json")
    except LakeError:
        return
    assert found.connection_id == "a"
    plan.missing(WINDOW, found, found.staged, None)
    plan.missing(WINDOW, found, found.staged, NOW)
    plan.has_history(found, START, NOW)
    ledger.cover(found.covered, ledger.Covered(WINDOW.start, WINDOW.end, NOW))
    assert all(path.startswith(f"{layout.STAGING}/") and ".." not in path for one in found.staged for path in one.paths)
    spans = [one.may_change for one in found.staged]
    assert all(span is None or isinstance(span[0], date) for span in spans)
    assert ledger.decode(ledger.encode(found), "ledger/a.json") == found


def reopened(folder: Path, path: str, content: bytes, read: Callable[[Lake], object]) -> None:
    """A lake one of whose files is this: it is read, or a sentence names the file."""
    lake = Lake.open(str(folder), buckets=1, source="sandbox")
    before = lake.storage.read(path)
    lake.storage.write(path, content)
    try:
        read(lake)
    except (LakeError, SettingError):
        pass
    finally:
        lake.storage.write(path, before) if before else lake.storage.delete(path)


@FILES
@given(content=mutated(({"format": 1, "buckets": 1, "source": "sandbox"},)))
def test_the_facts_of_a_lake_are_its_own_or_an_error(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp() / "facts"
    reopened(folder, layout.FACTS, content, lambda _: Lake.open(str(folder), buckets=1, source="sandbox"))


@FILES
@given(content=mutated(({"seed": 7, "epoch": "2026-10-01T00:00:00Z"},)))
def test_the_world_of_a_lake_is_one_or_an_error(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp() / "world"
    reopened(folder, "sandbox.json", content, lambda lake: world_of(lake, Settings()).epoch.isoformat())


@FILES
@given(content=mutated(([["2026-10-01", "2026-10-02"], ["2026-10-05", "2026-10-05"]], [])))
def test_a_notice_that_was_left_is_days_or_an_error(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp() / "notices"
    path = layout.notice("someone-who-ended", "left")
    reopened(folder, path, content, lambda lake: lake.commit([]))


@BODIES
@given(mutated(CURSORS))
def test_a_cursor_of_the_sensor_is_one_or_starts_anew(content: bytes) -> None:
    cursor = Cursor.decode(content.decode("utf-8", "replace"))
    without_asking(A, cursor, [], NOW)
    next_key(["a"], cursor.attempts, lambda _: False)
    assert Cursor.decode(cursor.encode()) == cursor

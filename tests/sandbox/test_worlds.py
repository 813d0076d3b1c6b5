"""What is in the demo, the bulk world, the replay; and that every process makes the same."""

import hashlib
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest

from rutter_assets.sandbox import Clock, Merchant, Sandbox, World

from .caller import Caller

Named = Callable[[str], Merchant]

_FINGERPRINT = """
import hashlib, sys
from datetime import datetime, timedelta
from rutter_assets.sandbox import Clock, Sandbox, World
import httpx
epoch = datetime.fromisoformat(sys.argv[1])
digest = hashlib.sha256()
world, clock = World.demo(seed=11, epoch=epoch), Clock.frozen(epoch + timedelta(hours=30))
with Sandbox(world, clock) as sandbox:
    with httpx.Client(base_url=sandbox.base_url, auth=(sandbox.client_id, sandbox.client_secret),
                      headers={"X-Rutter-Version": "unstable"}, trust_env=False) as client:
        def get(path, **params):
            answer = client.get(path, params=params)
            digest.update(answer.content + answer.headers["X-Rutter-Request-ID"].encode())
        get("/connections", status="any")
        for merchant in world.merchants:
            get("/connections/status", access_token=merchant.access_token)
            get("/connections/access_token", access_token=merchant.access_token)
            for sort in ("asc", "desc"):
                get("/transactions", access_token=merchant.access_token, limit=500, sort=sort, force_fetch="true")
print(digest.hexdigest())
"""


def test_two_processes_with_the_same_seed_epoch_and_clock_serve_the_same_bytes(epoch: datetime) -> None:
    running = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", _FINGERPRINT, epoch.isoformat()],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": zone},
            stdout=subprocess.PIPE,
            text=True,
        )
        for hash_seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    ]
    prints = [process.communicate(timeout=60)[0].strip() for process in running]
    assert [process.returncode for process in running] == [0, 0]
    assert len(prints[0]) == hashlib.sha256().digest_size * 2
    assert prints[0] == prints[1]


def test_the_state_does_not_depend_on_when_it_was_looked_at(epoch: datetime) -> None:
    def seen(*stops: timedelta) -> list[dict[str, Any]]:
        clock, world = Clock.frozen(epoch), World.demo(epoch=epoch)
        with Sandbox(world, clock) as sandbox:
            for stop in stops:
                clock.set(epoch + stop)
                rows = sandbox.truth.transactions(world.merchants[3].id)
        return rows

    hours = [timedelta(hours=h) for h in (1, 7, 26, 55)]
    assert seen(*hours) == seen(hours[-1])


def test_the_demo_starts_at_once(epoch: datetime, replay: Path) -> None:
    started_s = perf_counter()
    with Sandbox(World.demo(epoch=epoch, replay=replay), Clock.frozen(epoch)) as sandbox, Caller(sandbox) as caller:
        assert caller.get("/connections").status_code == 200
    assert perf_counter() - started_s < 1.5


def test_the_demo_has_every_difficult_kind_of_row(demo: Sandbox) -> None:
    rows = [row for merchant in demo.world.merchants for row in demo.truth.transactions(merchant.id)]
    assert 45_000 <= len(rows) <= 60_000
    assert {"USD", "EUR", "GBP", "CAD", "JPY", "KWD", None} == {row["iso_currency_code"] for row in rows}
    assert {"cash", "card", "other"} == {row["payment_method_type"] for row in rows}
    assert {"success", "failure", "pending", "cancelled", "refunded", "other"} == {row["status"] for row in rows}
    assert {"sale", "refund", "void", "payout", "fee", "other"} == {row["type"] for row in rows}
    kinds = Counter(row["platform_type"] for row in rows)
    assert {"authorization", "capture", "dispute", "dispute_won", "payment_dispute", "fee_credit"} <= set(kinds)
    amounts = [row["amount"] for row in rows]
    assert None in amounts
    assert 0 in amounts
    assert any(amount is not None and amount.as_tuple().exponent == -9 for amount in amounts)
    assert any(row["gateway_data"] for row in rows)
    assert any(row["fee"] is not None and row["fee"] < 0 for row in rows)
    assert any('"test":true' in (row["platform_data"] or "") for row in rows)
    assert any(row["type"] == "refund" and row["order_id"] is None for row in rows)
    assert any(row["type"] == "refund" and (row["amount"] or 0) < 0 for row in rows)


def test_every_merchant_has_about_ten_rows_a_day(demo: Sandbox) -> None:
    for merchant in demo.world.merchants:
        days = 90 if merchant.platform == "EBAY" else 450
        rows = len(demo.truth.transactions(merchant.id))
        if merchant.platform != "MAGENTO" and rows and not merchant.lifecycle.batches:
            assert 8 <= rows / days <= 14, merchant.name


def test_ebay_shows_90_days_and_loses_none_of_them(demo: Sandbox, named: Named, epoch: datetime) -> None:
    attic = named("The Bottomless Attic")
    rows = demo.truth.transactions(attic.id)
    assert timedelta(days=88) < epoch - rows[0]["created_at"] <= timedelta(days=90)
    clock = Clock.frozen(epoch + timedelta(days=100))
    with Sandbox(World.demo(epoch=epoch), clock) as later:
        assert {row["id"] for row in rows} <= {row["id"] for row in later.truth.transactions(attic.id)}


def test_shopify_captures_name_their_authorization(demo_caller: Caller, named: Named) -> None:
    rows = demo_caller.walk(named("Quillfeather"), limit=500)
    kinds = [(row, row.get("platform_data", {}).get("kind")) for row in rows]
    holds = {row["platform_id"]: row for row, kind in kinds if kind == "authorization"}
    captures = [row for row, kind in kinds if kind == "capture"]
    parents = [holds[str(row["platform_data"]["parent_id"])] for row in captures]
    assert len(captures) > 100
    assert all(hold["order_id"] == row["order_id"] for hold, row in zip(parents, captures, strict=True))


def test_woo_commerce_settles_under_a_new_id(demo_caller: Caller, named: Named) -> None:
    by_order: dict[str, set[tuple[str, str]]] = {}
    for row in demo_caller.walk(named("Moss"), limit=500):
        if row["type"] == "sale" and row["order_id"]:
            by_order.setdefault(row["order_id"], set()).add((row["id"], row["status"]))
    settled = [{status for _, status in rows} for rows in by_order.values() if len(rows) == 2]
    assert {"pending", "success"} in settled
    assert {"cancelled", "success"} in settled


def test_amazon_says_some_fees_twice(demo: Sandbox, named: Named) -> None:
    rows = demo.truth.transactions(named("Gadgetron").id)
    embedded = {(row["order_id"], row["created_at"], row["fee"]) for row in rows if row["type"] == "sale"}
    twice = [row for row in rows if (row["order_id"], row["created_at"], -(row["amount"] or 0)) in embedded]
    assert len(twice) > 50


def test_the_replay_has_the_figures_of_its_file(demo: Sandbox, named: Named, epoch: datetime) -> None:
    rows = demo.truth.transactions(named("Online Retail").id)
    assert len(rows) == 12_392
    assert len({row["created_at"].date() for row in rows}) == 305
    assert sum(row["amount"] for row in rows if row["type"] == "sale") == Decimal("601925.64")
    assert sum(row["amount"] for row in rows if row["type"] == "refund") == Decimal("-26350.97")
    last_day = rows[-1]["created_at"].date()
    assert timedelta(0) < epoch.date() - last_day <= timedelta(days=7)
    assert last_day.weekday() == 4  # 2011-12-09 was a Friday


def test_a_missing_replay_file_is_reported_at_once(epoch: datetime) -> None:
    with pytest.raises(FileNotFoundError, match="replay"):
        World.demo(epoch=epoch, replay=Path("nowhere.jsonl.gz"))


def test_a_bulk_world_has_the_size_asked_for_and_changes_at_the_pace_asked_for(epoch: datetime) -> None:
    world = World.bulk(epoch=epoch, merchants=3, rows=2_000, days=30, changes_per_hour=0.05)
    clock = Clock.frozen(epoch)
    with Sandbox(world, clock) as sandbox, Caller(sandbox) as caller:
        assert len(world.merchants) == 3
        rows = caller.walk(world.merchants[0], limit=500)
        assert len({row["id"] for row in rows}) == 2_000
        clock.advance(timedelta(hours=1))
        since_ms = round(epoch.timestamp() * 1000)
        changed = caller.walk(world.merchants[0], limit=500, updated_at_min=since_ms)
        assert len(changed) == 100
        assert {row["id"] for row in changed} <= {row["id"] for row in rows}

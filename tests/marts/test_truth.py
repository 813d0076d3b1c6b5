"""The marts against the sandbox, which computes the same figures in plain Python with a reading of its own."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import product
from pathlib import Path

import pytest

from rutter_assets.lake.lake import Lake
from rutter_assets.marts.mart import MARTS, compute, read
from rutter_assets.marts.quality import conservation
from rutter_assets.marts.summary import summary
from rutter_assets.sandbox import Clock, Merchant, Sandbox, World
from tests.conftest import NOW
from tests.marts.given import store

REPLAY = Path(__file__).parents[2] / "data" / "online_retail_transactions.jsonl.gz"


def _fill(lake: Lake, sandbox: Sandbox) -> list[date]:
    plain = {"unknown_fields": None, "is_provisional": False, "loaded_at": NOW}
    return store(
        lake,
        *(
            row | plain | {"platform": merchant.platform}
            for merchant in sandbox.world.merchants
            for row in sandbox.truth.transactions(merchant.id)
        ),
    )


def _assert_equal(lake: Lake, sandbox: Sandbox, days: list[date]) -> None:
    for name, mart in MARTS.items():
        compute(lake, mart, days, sandbox.clock.now().date())
        found = read(lake, mart).drop_columns("platform").to_pylist()
        expected = getattr(sandbox.truth, name)()
        assert len(expected) > 100
        assert _by_grain(found) == _by_grain(expected)
        assert conservation(lake, mart, days).differences == {}


def _by_grain(rows: list[dict[str, object]]) -> dict[tuple[object, object, object], dict[str, object]]:
    found = {(row["date"], row["connection_id"], row["iso_currency_code"]): row for row in rows}
    assert len(found) == len(rows)
    return found


@pytest.mark.long
def test_the_marts_are_the_truth_of_the_demo_to_the_last_digit(lake: Lake) -> None:
    world = World.demo(seed=7, epoch=NOW, replay=REPLAY)
    sandbox = Sandbox(world, Clock.frozen(NOW + timedelta(days=2)))
    _assert_equal(lake, sandbox, _fill(lake, sandbox))


@pytest.mark.long
def test_the_real_merchant_gave_back_what_the_data_set_says(lake: Lake) -> None:
    world = World.demo(seed=7, epoch=NOW, replay=REPLAY)
    (replayed,) = [merchant for merchant in world.merchants if merchant.platform == "MAGENTO"]
    days = _fill(lake, Sandbox(World.of([replayed]), Clock.frozen(NOW)))
    for mart in MARTS.values():
        compute(lake, mart, days, NOW.date())
    (found,) = summary(lake).to_pylist()
    assert (found["refund_amount"], found["gross_volume"]) == (Decimal("26350.97"), Decimal("601925.64"))
    assert found["refund_ratio_amount"] == 26350.97 / 601925.64
    cohorts = read(lake, MARTS["refund_cohorts"])
    assert sum(cohorts["unlinked_refund_amount"].to_pylist()) == Decimal("26350.97")
    assert cohorts["refund_rate_to_date"].null_count == sum(
        coverage is not None for coverage in cohorts["link_coverage"].to_pylist()
    )


def test_the_marts_are_the_truth_of_every_mixture_of_what_the_rules_look_at(lake: Lake) -> None:
    types = ["sale", "refund", "fee", "payout", "void", "other", "newer"]
    statuses = ["success", "refunded", "pending", "failure", "cancelled", "other", "newer"]
    kinds = ["payment", "Authorization", "chargeback", "Dispute_Won", "dispute.warning", "fee_credit", None]
    descriptions = [None, "Reversed", "a refund, WON", "inquiry", "Chargeback"]
    data = [
        None,
        {"kind": "Capture"},
        {"kind": "suggested_refund"},
        {"test": True},
        {"kind": "refund", "parent_id": None, "charge": 7},
        {"parent_id": "sale 3", "charge": "sale 1"},
        {"kind": 3, "test": "true"},
        [1],
        "a",
    ]
    rows: dict[str, list[dict[str, object]]] = defaultdict(list)
    for number, (type_, status, kind, description, platform_data) in enumerate(
        product(types, statuses, kinds, descriptions, data)
    ):
        at = datetime(2026, 10, 1 + number % 17, number % 24, tzinfo=UTC).isoformat().replace("+00:00", "Z")
        rows[f"merchant {number % 5}"].append(
            {
                "id": f"transaction-{number:06d}",
                "order_id": None if number % 4 == 0 else f"order-{number % 2}",
                "platform_id": f"sale {number % 11}" if number % 3 else None,
                "type": type_,
                "status": status,
                "platform_type": kind,
                "description": description,
                "amount": [None, 0, 3, -3, Decimal("0.015"), Decimal("-12.123456789")][number % 6],
                "fee": [None, 3, Decimal("-0.015"), Decimal("1.1")][number // 6 % 4],
                "iso_currency_code": ["KWD", None][number % 7 == 0],
                "platform_data": platform_data,
                "created_at": at,
                "updated_at": at,
            }
        )
    merchants = [Merchant.of(its_rows, name=name) for name, its_rows in rows.items()]
    sandbox = Sandbox(World.of(merchants), Clock.frozen(NOW))
    _assert_equal(lake, sandbox, _fill(lake, sandbox))

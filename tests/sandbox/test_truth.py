"""The witness's reading of docs/metrics.md, on rows small enough to work out by hand."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from rutter_assets.sandbox import Clock, Merchant, Sandbox, World, given_row
from rutter_assets.sandbox.movements import class_of

_IDS = count()
DAY = date(2026, 3, 1)


def _row(amount: str | None, type_: str = "sale", status: str = "success", **fields: Any) -> dict[str, Any]:
    row = {
        "id": f"row-{next(_IDS)}",
        "type": type_,
        "status": status,
        "amount": None if amount is None else Decimal(amount),
        "iso_currency_code": "USD",
        "created_at": "2026-03-01T12:00:00.000Z",
        **fields,
    }
    if isinstance(row.get("fee"), str):
        row["fee"] = Decimal(row["fee"])
    return row


def _truth(*rows: dict[str, Any]) -> Any:
    world = World.of([Merchant.of(rows)])
    return Sandbox(world, Clock.frozen(datetime(2026, 6, 1, tzinfo=UTC))).truth


def _only(table: list[dict[str, Any]]) -> dict[str, Any]:
    (row,) = table
    return row


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"type": "sale", "status": "success", "platform_data": {"test": True}}, "test"),
        ({"type": "sale", "status": "success", "platform_data": {"test": "true"}}, "sale"),
        ({"type": "other", "status": "success", "platform_type": "dispute"}, "chargeback"),
        ({"type": "refund", "status": "success", "description": "CHARGEBACK by bank"}, "chargeback"),
        ({"type": "payout", "status": "success", "description": "disputes payout"}, "chargeback"),
        ({"type": "other", "status": "success", "platform_type": "dispute_won"}, "chargeback_reversal"),
        ({"type": "other", "status": "success", "description": "Dispute Reversed"}, "chargeback_reversal"),
        ({"type": "other", "status": "success", "description": "dispute wonderful"}, "chargeback"),
        ({"type": "other", "status": "other", "platform_type": "dispute", "description": "Inquiry"}, "inquiry"),
        ({"type": "other", "status": "other", "platform_type": "early_dispute-warning"}, "inquiry"),
        ({"type": "payout", "status": "success"}, "payout"),
        ({"type": "fee", "status": "pending"}, "fee"),
        ({"type": "void", "status": "success"}, "void"),
        ({"type": "sale", "status": "success", "platform_data": {"kind": "Authorization"}}, "authorization"),
        ({"type": "sale", "status": "success", "platform_type": "EMV_AUTHORIZATION"}, "authorization"),
        (
            {"type": "sale", "status": "success", "platform_type": "authorization", "platform_data": {"kind": "sale"}},
            "sale",
        ),
        ({"type": "refund", "status": "success", "platform_type": "change"}, "authorization"),
        ({"type": "refund", "status": "refunded"}, "refund"),
        ({"type": "refund", "status": "pending"}, "refund_pending"),
        ({"type": "refund", "status": "failure"}, "refund_failed"),
        ({"type": "refund", "status": "cancelled"}, "refund_failed"),
        ({"type": "sale", "status": "refunded"}, "sale"),
        ({"type": "sale", "status": "pending"}, "sale_pending"),
        ({"type": "sale", "status": "failure"}, "sale_failed"),
        ({"type": "sale", "status": "cancelled"}, "sale_cancelled"),
        ({"type": "sale", "status": "other"}, "unclassified"),
        ({"type": "Sale", "status": "success"}, "unclassified"),
        ({"type": "other", "status": "success"}, "unclassified"),
        ({"type": "brand_new", "status": "success"}, "unclassified"),
    ],
)
def test_the_first_rule_that_matches_names_the_class(row: dict[str, Any], expected: str) -> None:
    assert class_of(row) == expected


def test_fee_totals_worked_by_hand() -> None:
    truth = _truth(
        _row("100.00", fee="3.20", order_id="o1"),
        _row("-50.00", fee="-1.80", order_id="o2"),  # signs follow the platform
        _row("30.00"),  # fee unknown
        _row("0", fee="0.30"),  # no sale to count, but a fee
        _row(None, fee="9.99"),  # unknown amount: in no sum
        _row("20.00", "refund", fee="0.60"),
        _row("3.20", "fee", order_id="o1"),  # embedded above: counts once
        _row("3.20", "fee", order_id="o1"),  # but only once
        _row("1.80", "fee"),  # no order: nothing to match
        _row("0.50", "fee", platform_type="fee_credit"),
        _row("7.00", "fee", "pending"),
        _row("70.00", status="pending", fee="2.00"),
        _row("40.00", platform_type="authorization", fee="2.00"),
        _row("500.00", "payout"),
    )
    assert _only(truth.fee_totals()) == {
        "date": DAY,
        "connection_id": Merchant.of().id,
        "iso_currency_code": "USD",
        "sale_count": 4,
        "gross_volume": Decimal("180.00"),
        "sale_fees": Decimal("5.30"),
        "refund_fees": Decimal("0.60"),
        "standalone_fees": Decimal("4.50"),
        "fees_total": Decimal("10.40"),
        "fee_known_volume": Decimal("150.00"),
        "fee_coverage": 150 / 180,
        "effective_fee_rate": 5.3 / 150,
        "all_in_fee_rate": 10.4 / 180,
        "null_amount_count": 1,
    }


def test_refund_ratios_worked_by_hand() -> None:
    truth = _truth(
        _row("50.00"),
        _row("50.00", status="refunded"),
        _row("0"),
        _row(None),
        _row("-150.00", "refund"),
        _row("0", "refund"),
        _row("10.00", "refund", "pending"),
        _row("10.00", "refund", "failure"),
        _row("25.00", "other", platform_type="dispute"),
        _row("5.00", "other", "cancelled", platform_type="dispute"),
        _row("15.00", "other", platform_type="dispute_won"),
        _row("9.00", "other", platform_type="dispute_inquiry"),
    )
    assert _only(truth.refund_ratios()) == {
        "date": DAY,
        "connection_id": Merchant.of().id,
        "iso_currency_code": "USD",
        "sale_count": 3,
        "gross_volume": Decimal("100.00"),
        "refund_count": 1,
        "refund_amount": Decimal("150.00"),
        "refund_ratio_amount": 1.5,
        "refund_ratio_count": 1 / 3,
        "refund_ratio_amount_7d": 1.5,
        "refund_ratio_count_7d": 1 / 3,
        "refund_ratio_amount_30d": 1.5,
        "refund_ratio_count_30d": 1 / 3,
        "chargeback_count": 1,
        "chargeback_amount": Decimal("25.00"),
        "chargeback_reversal_amount": Decimal("15.00"),
        "net_volume": Decimal("-60.00"),
        "null_amount_count": 1,
    }


def test_a_day_with_refunds_only_has_no_ratio() -> None:
    row = _only(_truth(_row("5", "refund")).refund_ratios())
    assert row["refund_ratio_amount"] is None
    assert row["refund_ratio_count"] is None
    assert row["net_volume"] == -5


def test_a_day_with_fees_only_may_be_negative_and_has_no_rates() -> None:
    row = _only(_truth(_row("5", "fee", description="Referral fee reimbursement")).fee_totals())
    assert row["standalone_fees"] == -5
    assert (row["fee_coverage"], row["effective_fee_rate"], row["all_in_fee_rate"]) == (None, None, None)


def test_a_day_with_nothing_that_counts_has_no_row() -> None:
    truth = _truth(_row("5", "payout"), _row("5", "fee", "failure"), _row("5", status="pending"), _row("5", "other"))
    assert truth.fee_totals() == []
    assert truth.refund_ratios() == []


def test_currencies_and_days_are_never_mixed_and_null_is_xxx() -> None:
    truth = _truth(
        _row("1"),
        _row("2", iso_currency_code="JPY"),
        _row("3", iso_currency_code=None),
        _row("4", created_at="2026-03-02T00:00:00.000Z"),
        _row("5", created_at="2026-03-01T23:59:59.999Z"),
    )
    found = [(row["date"].day, row["iso_currency_code"], row["gross_volume"]) for row in truth.fee_totals()]
    assert found == [(1, "JPY", 2), (1, "USD", 6), (1, "XXX", 3), (2, "USD", 4)]
    assert len(truth.fee_totals(from_date=date(2026, 3, 2))) == 1
    assert len(truth.fee_totals(to_date=DAY)) == 3
    assert truth.refund_ratios(Merchant.of().id, DAY, DAY) == truth.refund_ratios(to_date=DAY)


def test_long_amounts_are_added_to_the_last_digit() -> None:
    truth = _truth(*(_row("12345678901234567890123456789.123456789") for _ in range(3)))
    assert _only(truth.fee_totals())["gross_volume"] == Decimal("37037036703703703670370370367.370370367")


def test_true_rows_keep_the_digits_and_the_text_that_were_served() -> None:
    text = (
        '{"id":"x","type":"sale","status":"success","amount":1.50,"fee":2,"gateway_data":{"a" : [1.0, "}"]},'
        '"iso_currency_code":null,"created_at":"2026-03-01T00:00:00.001Z","updated_at":"2026-03-01T00:00:00.002Z"}'
    )
    world = World.of([Merchant.of([given_row(text)])])
    truth = Sandbox(world, Clock.frozen(datetime(2026, 6, 1, tzinfo=UTC))).truth
    row = _only(truth.transactions(world.merchants[0].id))
    assert str(row["amount"]) == "1.50"
    assert row["fee"] == Decimal(2)
    assert row["gateway_data"] == '{"a" : [1.0, "}"]}'
    assert row["platform_data"] is None
    assert row["created_at"] == datetime(2026, 3, 1, microsecond=1000, tzinfo=UTC)
    assert row["connection_id"] == world.merchants[0].id
    from_, to = datetime(2026, 3, 1, microsecond=1000, tzinfo=UTC), datetime(2026, 3, 1, microsecond=2000, tzinfo=UTC)
    assert truth.transactions(world.merchants[0].id, from_, to) == [row]
    assert truth.transactions(world.merchants[0].id, to) == []


def test_there_is_no_truth_of_what_the_api_would_not_serve(demo: Sandbox, named: Callable[[str], Merchant]) -> None:
    for name in ("Slowpoke", "Forgetful", "Shuttered"):
        assert demo.truth.transactions(named(name).id) == []
        assert demo.truth.fee_totals(named(name).id) == []
    assert demo.truth.transactions(named("Slowpoke").id, force_fetch=True)


def test_a_float_is_refused() -> None:
    with pytest.raises(TypeError, match="float"):
        Merchant.of([{"id": "x", "created_at": "2026-01-01T00:00:00Z", "amount": 0.1}])

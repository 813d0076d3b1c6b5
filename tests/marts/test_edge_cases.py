"""What merchants' data really does, through all three marts, with money as strings."""

from datetime import date, timedelta
from itertools import pairwise

import pytest

from rutter_assets.lake.lake import Lake
from rutter_assets.marts.mart import MARTS, compute
from tests.marts.given import DAY, NOON, rows_of, store, transaction

LATER = DAY + timedelta(days=500)


def figures(lake: Lake, *rows: dict[str, object]) -> list[tuple[date, str, str, str, str]]:
    """Day, currency, gross volume, refunds on the day, and refunds of the day's sales, after all marts are computed."""
    days = store(lake, *rows)
    for mart in MARTS.values():
        compute(lake, mart, mart.reached_by(days), LATER)
    ratios = {(row["date"], row["iso_currency_code"]): row for row in rows_of(lake, "refund_ratios")}
    cohorts = {(row["date"], row["iso_currency_code"]): row for row in rows_of(lake, "refund_cohorts")}
    volumes = {(row["date"], row["iso_currency_code"]): row["gross_volume"] for row in rows_of(lake, "fee_totals")}
    found = []
    for grain, row in sorted(ratios.items(), key=str):
        refunded = cohorts[grain]["refunded_amount"] if grain in cohorts else "0"
        assert (
            row["gross_volume"] == volumes.get(grain, "0") == cohorts.get(grain, {"gross_volume": "0"})["gross_volume"]
        )
        found.append((*grain, row["gross_volume"], row["refund_amount"], refunded))
    return found  # type: ignore[return-value]


def test_a_pending_sale_counts_once_it_settles_under_its_id(lake: Lake) -> None:
    sale = transaction(status="pending", amount="12.50")
    assert figures(lake, sale) == []
    assert figures(lake, sale | {"status": "success"}) == [(DAY, "EUR", "12.5", "0", "0")]


@pytest.mark.parametrize("left_behind", ["pending", "cancelled"])
def test_a_pending_sale_that_settles_under_a_new_id_counts_once(lake: Lake, left_behind: str) -> None:
    old = transaction(status=left_behind, amount="12.50", order_id="a")
    settled = transaction(amount="12.50", order_id="a", created_at=NOON + timedelta(days=1))
    back = transaction(type="refund", amount="12.50", order_id="a", created_at=NOON + timedelta(days=1))
    assert figures(lake, old, settled, back) == [(DAY + timedelta(days=1), "EUR", "12.5", "12.5", "12.5")]


def test_an_authorization_and_its_captures_count_what_was_captured(lake: Lake) -> None:
    parts = [
        transaction(amount="100", order_id="a", platform_data='{"kind": "authorization"}'),
        transaction(amount="60", order_id="a", platform_data='{"kind": "capture"}'),
        transaction(amount="15", order_id="a", platform_data='{"kind": "capture"}'),
        transaction(amount="100", order_id="b", platform_type="emv_authorization"),
        transaction(amount="100", order_id="b", platform_type="capture"),
    ]
    assert figures(lake, *parts) == [(DAY, "EUR", "175", "0", "0")]


def test_a_chargeback_typed_other_takes_its_money_and_brings_it_back_when_it_is_won(lake: Lake) -> None:
    rows = [
        transaction(amount="40", order_id="a"),
        transaction(type="other", platform_type="dispute", amount="40", order_id="a"),
        transaction(type="other", platform_type="dispute_won", amount="40", order_id="a"),
    ]
    nets = []
    for count in (1, 2, 3):
        assert figures(lake, *rows[:count]) == [(DAY, "EUR", "40", "0", "0")]
        nets.append(rows_of(lake, "refund_ratios")[0]["net_volume"])
    assert nets == ["40", "0", "40"]


def test_a_payout_that_succeeded_and_an_unknown_value_are_no_money_of_a_mart(lake: Lake) -> None:
    strange = [transaction(type="payout"), transaction(type="newer"), transaction(status="newer")]
    assert figures(lake, *strange) == []
    assert figures(lake, *strange, transaction(amount=None)) == [(DAY, "EUR", "0", "0", "0")]


def test_each_currency_is_its_own_in_major_units(lake: Lake) -> None:
    kinds = [("1200", "JPY"), ("1.234", "KWD"), ("5.00", None)]
    rows = [
        transaction(amount=amount, iso_currency_code=code, order_id=str(code), type=type_)
        for amount, code in kinds
        for type_ in ("sale", "refund")
    ]
    assert figures(lake, *rows) == [
        (DAY, "JPY", "1200", "1200", "1200"),
        (DAY, "KWD", "1.234", "1.234", "1.234"),
        (DAY, "XXX", "5", "5", "5"),
    ]


def test_a_refund_of_either_sign_is_money_given_back(lake: Lake) -> None:
    sale = transaction(amount="10", order_id="a")
    found = [
        figures(lake, sale, transaction(type="refund", amount=amount, order_id="a")) for amount in ("-4", "4", "-4.0")
    ]
    assert all(one == other == [(DAY, "EUR", "10", "4", "4")] for one, other in pairwise(found))


def test_a_sale_400_days_old_that_changes_moves_its_own_days_figures(lake: Lake) -> None:
    old, recent = transaction(amount="10"), transaction(amount="3", created_at=NOON + timedelta(days=400))
    later = DAY + timedelta(days=400)
    assert figures(lake, old, recent) == [(DAY, "EUR", "10", "0", "0"), (later, "EUR", "3", "0", "0")]
    assert figures(lake, old | {"amount": None}) == [(DAY, "EUR", "0", "0", "0"), (later, "EUR", "3", "0", "0")]

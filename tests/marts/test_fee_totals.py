"""Section 2 of docs/metrics.md, with money as strings."""

from datetime import UTC, datetime

import pytest

from rutter_assets.lake.lake import Lake
from rutter_assets.marts.mart import MARTS, compute
from tests.marts.given import DAY, one_row, rows_of, store, transaction


def test_every_column_by_hand(lake: Lake) -> None:
    assert one_row(
        lake,
        "fee_totals",
        transaction(amount="100.00", fee="3.20"),
        transaction(amount="50.00", fee="1.75"),
        transaction(amount="50.00", fee=None),
        transaction(type="refund", amount="-20.00", fee="0.50"),
        transaction(type="fee", amount="-5.00"),
    ) == {
        "date": DAY,
        "connection_id": "moss",
        "platform": "WOO_COMMERCE",
        "iso_currency_code": "EUR",
        "sale_count": 3,
        "gross_volume": "200",
        "sale_fees": "4.95",
        "refund_fees": "0.5",
        "standalone_fees": "5",
        "fees_total": "10.45",
        "fee_known_volume": "150",
        "fee_coverage": 0.75,
        "effective_fee_rate": 4.95 / 150,
        "all_in_fee_rate": 10.45 / 200,
        "null_amount_count": 0,
    }


def test_the_sign_that_a_platform_gives_changes_nothing(lake: Lake) -> None:
    kinds = [{}, {"type": "refund"}, {"type": "fee"}, {"type": "fee", "description": "credit"}]
    plus = [transaction(amount="8.40", fee="0.40", connection_id="plus", **kind) for kind in kinds]
    minus = [transaction(amount="-8.40", fee="-0.40", connection_id="minus", **kind) for kind in kinds]
    compute(lake, MARTS["fee_totals"], store(lake, *plus, *minus))
    one, other = rows_of(lake, "fee_totals")
    assert one | {"connection_id": ""} == other | {"connection_id": ""}


def test_an_unknown_fee_is_not_a_fee_of_zero(lake: Lake) -> None:
    unknown = one_row(lake, "fee_totals", transaction(fee=None))
    zero = one_row(lake, "fee_totals", transaction(fee="0"))
    assert (unknown["fee_known_volume"], unknown["fee_coverage"], unknown["effective_fee_rate"]) == ("0", 0.0, None)
    assert (zero["fee_known_volume"], zero["fee_coverage"], zero["effective_fee_rate"]) == ("10", 1.0, 0.0)


def test_a_null_amount_is_counted_and_in_no_sum_and_a_zero_is_in_no_count(lake: Lake) -> None:
    found = one_row(
        lake,
        "fee_totals",
        transaction(amount=None, fee="0.30"),
        transaction(amount="0", fee="0.20"),
        transaction(type="refund", amount=None, fee="0.10"),
        transaction(type="fee", amount=None),
        transaction(type="payout", amount=None),
    )
    assert (found["sale_count"], found["null_amount_count"]) == (1, 3)
    assert (found["sale_fees"], found["refund_fees"], found["standalone_fees"]) == ("0.2", "0", "0")


def test_what_is_pending_or_failed_enters_no_figure(lake: Lake) -> None:
    counted = transaction(amount="7.00")
    others = [
        transaction(type=type_, status=status, fee="1.00")
        for type_ in ("sale", "refund", "fee")
        for status in ("pending", "failure", "cancelled")
    ]
    found = one_row(lake, "fee_totals", counted, *others)
    assert (found["sale_count"], found["gross_volume"], found["fees_total"]) == (1, "7", "0")


def test_a_day_of_nothing_that_counts_has_no_row(lake: Lake) -> None:
    days = store(lake, transaction(type="payout"), transaction(status="pending"), transaction(platform_type="dispute"))
    (day,) = compute(lake, MARTS["fee_totals"], days)
    assert (day.rows, rows_of(lake, "fee_totals")) == (0, [])


def test_a_fee_credit_lowers_the_fees_even_below_zero(lake: Lake) -> None:
    found = one_row(
        lake,
        "fee_totals",
        transaction(type="fee", amount="-1.50"),
        transaction(type="fee", amount="4.00", description="Referral fee credit"),
    )
    assert (found["standalone_fees"], found["fees_total"], found["all_in_fee_rate"]) == ("-2.5", "-2.5", None)


def test_a_fee_told_twice_counts_once(lake: Lake) -> None:
    found = one_row(
        lake,
        "fee_totals",
        transaction(order_id="o", fee="1.50"),
        transaction(order_id="o", type="fee", amount="-1.50"),
    )
    assert (found["sale_fees"], found["standalone_fees"], found["fees_total"]) == ("1.5", "0", "1.5")


def test_an_embedded_fee_absorbs_one_fee_row_and_no_more(lake: Lake) -> None:
    found = one_row(
        lake,
        "fee_totals",
        transaction(order_id="o", fee="1.50"),
        transaction(order_id="o", type="refund", fee="1.50"),
        *(transaction(order_id="o", type="fee", amount="1.50") for _ in range(5)),
    )
    assert (found["standalone_fees"], found["fees_total"]) == ("4.5", "7.5")


@pytest.mark.parametrize(
    "fields",
    [
        {"order_id": "another"},
        {"order_id": None},
        {"amount": "1.51"},
        {"description": "credit"},
        {"iso_currency_code": "USD"},
        {"connection_id": "dune"},
        {"created_at": datetime(2026, 10, 31, tzinfo=UTC)},
    ],
)
def test_a_fee_row_that_differs_is_a_fee_of_its_own(lake: Lake, fields: dict[str, object]) -> None:
    sale = transaction(order_id="o", fee="1.50")
    fee_row = transaction(**{"order_id": "o", "type": "fee", "amount": "1.50"} | fields)
    compute(lake, MARTS["fee_totals"], store(lake, sale, fee_row))
    assert {row["standalone_fees"] for row in rows_of(lake, "fee_totals")} - {"0"}


@pytest.mark.parametrize("fields", [{"order_id": None}, {"amount": None}, {"status": "pending"}, {"type": "payout"}])
def test_a_fee_that_is_not_counted_or_of_no_order_absorbs_nothing(lake: Lake, fields: dict[str, object]) -> None:
    found = one_row(
        lake,
        "fee_totals",
        transaction(**{"order_id": "o", "fee": "1.50"} | fields),
        transaction(order_id=fields.get("order_id", "o"), type="fee", amount="1.50"),
    )
    assert found["standalone_fees"] == "1.5"


def test_currencies_are_never_added_up_and_keep_their_digits(lake: Lake) -> None:
    compute(
        lake,
        MARTS["fee_totals"],
        store(
            lake,
            transaction(iso_currency_code="KWD", amount="1.005", fee="0.001"),
            transaction(iso_currency_code="KWD", amount="2.345", fee="0.002"),
            transaction(iso_currency_code="JPY", amount="1200", fee="43"),
            transaction(iso_currency_code=None, amount="0.000000001"),
        ),
    )
    assert [
        (row["iso_currency_code"], row["gross_volume"], row["fees_total"]) for row in rows_of(lake, "fee_totals")
    ] == [("JPY", "1200", "43"), ("KWD", "3.35", "0.003"), ("XXX", "0.000000001", "0")]


def test_ten_cents_thirty_times_are_three(lake: Lake) -> None:
    found = one_row(lake, "fee_totals", *(transaction(amount="0.10", fee="0.01") for _ in range(30)))
    assert (found["gross_volume"], found["sale_fees"], found["effective_fee_rate"]) == ("3", "0.3", 0.3 / 3)

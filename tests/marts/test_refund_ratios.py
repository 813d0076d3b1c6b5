"""Section 3 of docs/metrics.md, with money as strings."""

from datetime import UTC, date, datetime, timedelta

from rutter_assets.lake.lake import Lake
from rutter_assets.marts.mart import MARTS, compute
from tests.marts.given import DAY, NOON, one_row, rows_of, store, transaction


def test_every_column_by_hand(lake: Lake) -> None:
    assert one_row(
        lake,
        "refund_ratios",
        transaction(amount="100.00"),
        transaction(amount="60.00", status="refunded"),
        transaction(type="refund", amount="-40.00"),
        transaction(amount="-25.00", platform_type="chargeback"),
        transaction(amount="10.00", platform_type="chargeback_reversal"),
        transaction(amount="33.00", platform_type="dispute_inquiry"),
    ) == {
        "date": DAY,
        "connection_id": "moss",
        "platform": "WOO_COMMERCE",
        "iso_currency_code": "EUR",
        "sale_count": 2,
        "gross_volume": "160",
        "refund_count": 1,
        "refund_amount": "40",
        "refund_ratio_amount": 0.25,
        "refund_ratio_count": 0.5,
        "refund_ratio_amount_7d": 0.25,
        "refund_ratio_count_7d": 0.5,
        "refund_ratio_amount_30d": 0.25,
        "refund_ratio_count_30d": 0.5,
        "chargeback_count": 1,
        "chargeback_amount": "25",
        "chargeback_reversal_amount": "10",
        "net_volume": "105",
        "null_amount_count": 0,
    }


def test_a_ratio_may_exceed_one(lake: Lake) -> None:
    refunds = [transaction(type="refund", amount="-15.00") for _ in range(2)]
    found = one_row(lake, "refund_ratios", transaction(amount="10.00"), *refunds)
    assert (found["refund_ratio_amount"], found["refund_ratio_count"], found["net_volume"]) == (3.0, 2.0, "-20")


def test_without_sales_there_is_a_row_but_no_ratio(lake: Lake) -> None:
    found = one_row(lake, "refund_ratios", transaction(type="refund", amount="5.00"))
    assert (found["gross_volume"], found["refund_ratio_amount"], found["refund_ratio_count"]) == ("0", None, None)


def test_a_sale_of_nothing_is_no_denominator(lake: Lake) -> None:
    found = one_row(lake, "refund_ratios", transaction(amount="0.00"), transaction(type="refund", amount="0"))
    assert (found["sale_count"], found["refund_count"]) == (0, 0)
    assert (found["refund_ratio_amount"], found["refund_ratio_count"]) == (None, None)


def test_a_null_amount_stays_in_the_counts(lake: Lake) -> None:
    kinds = [{}, {"type": "refund"}, {"platform_type": "chargeback"}, {"platform_type": "dispute won"}, {"type": "fee"}]
    found = one_row(lake, "refund_ratios", *(transaction(amount=None, **kind) for kind in kinds))
    assert (found["sale_count"], found["refund_count"], found["chargeback_count"]) == (1, 1, 1)
    assert (found["null_amount_count"], found["net_volume"], found["refund_ratio_count"]) == (4, "0", 1.0)


def test_a_chargeback_that_did_not_happen_enters_no_figure(lake: Lake) -> None:
    lost = [transaction(platform_type="chargeback", status=status) for status in ("pending", "failure", "cancelled")]
    found = one_row(lake, "refund_ratios", transaction(), *lost)
    assert (found["chargeback_count"], found["chargeback_amount"], found["net_volume"]) == (0, "0", "10")


def test_a_chargeback_alone_makes_a_row_and_a_fee_alone_does_not(lake: Lake) -> None:
    days = store(
        lake,
        transaction(connection_id="dune", platform_type="chargeback"),
        transaction(connection_id="moss", type="fee"),
    )
    compute(lake, MARTS["refund_ratios"], days)
    assert [row["connection_id"] for row in rows_of(lake, "refund_ratios")] == ["dune"]


def test_a_refund_counts_on_its_own_day(lake: Lake) -> None:
    sold, refunded = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 31, 23, 59, 59, tzinfo=UTC)
    days = store(
        lake,
        transaction(order_id="o", created_at=sold, status="refunded"),
        transaction(order_id="o", created_at=refunded, type="refund"),
    )
    compute(lake, MARTS["refund_ratios"], days)
    assert [(row["date"], row["gross_volume"], row["refund_amount"]) for row in rows_of(lake, "refund_ratios")] == [
        (date(2026, 10, 1), "10", "0"),
        (date(2026, 10, 31), "0", "10"),
    ]


def test_a_trailing_ratio_divides_sums_over_the_days_that_end_with_its_own(lake: Lake) -> None:
    def of(ago: int, **fields: object) -> dict[str, object]:
        return transaction(created_at=NOON - timedelta(days=ago), **fields)

    store(
        lake,
        *(of(ago, amount="10.00") for ago in (30, 29, 7, 6, 0)),
        *(of(ago, type="refund", amount="-2.00") for ago in (30, 29, 6)),
        of(7, type="refund", amount="-5.00"),
        of(3, amount="900.00", iso_currency_code="USD"),
    )
    compute(lake, MARTS["refund_ratios"], [DAY])
    (found,) = rows_of(lake, "refund_ratios")
    assert (found["date"], found["refund_ratio_amount"]) == (DAY, 0.0)
    assert (found["refund_ratio_amount_7d"], found["refund_ratio_count_7d"]) == (2 / 20, 1 / 2)
    assert (found["refund_ratio_amount_30d"], found["refund_ratio_count_30d"]) == (9 / 40, 3 / 4)


def test_a_change_reaches_the_rows_of_its_day_and_of_the_29_after_it_and_no_others(lake: Lake) -> None:
    mart, changed = MARTS["refund_ratios"], DAY - timedelta(days=40)
    sold = [transaction(created_at=NOON - timedelta(days=ago)) for ago in range(42) if ago != 20]
    days = store(lake, *sold)
    compute(lake, mart, days)
    refund = transaction(type="refund", created_at=NOON - timedelta(days=40))
    store(lake, *(row for row in sold if row["created_at"] == refund["created_at"]), refund)
    with_rows = [day for day in days if changed <= day <= changed + timedelta(days=29)]
    assert len(with_rows) == 29
    done = compute(lake, mart, mart.reached_by([changed]))
    assert [(day.day, day.is_changed) for day in done] == [(day, True) for day in with_rows]
    assert not any(day.is_changed for day in compute(lake, mart, days))

"""Section 4 of docs/metrics.md, with money as strings."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from rutter_assets.lake.lake import Lake
from rutter_assets.marts.mart import MARTS, compute
from rutter_assets.marts.quality import conservation
from tests.marts.given import DAY, NOON, rows_of, store, transaction

COHORTS = MARTS["refund_cohorts"]
LATER = DAY + timedelta(days=200)


def on(later: int, **fields: object) -> dict[str, object]:
    """A transaction so many days after `DAY`."""
    at = NOON + timedelta(days=later)
    return transaction(**{"created_at": at, "updated_at": at} | fields)


def refund(later: int, amount: str, **fields: object) -> dict[str, object]:
    return on(later, type="refund", amount=amount, **fields)


def of_parent(platform_id: str) -> str:
    return json.dumps({"id": 5, "parent_id": int(platform_id)})


def cohorts(lake: Lake, *rows: dict[str, object], known_on: date = LATER) -> dict[int, dict[str, object]]:
    """The cohorts that the rows make, by days after `DAY`; every time, the mart holds the transactions' money."""
    days = store(lake, *rows)
    compute(lake, COHORTS, days, known_on)
    assert conservation(lake, COHORTS, days).differences == {}
    found = rows_of(lake, "refund_cohorts")
    by_day = {(row["date"] - DAY).days: row for row in found}  # type: ignore[operator]
    assert len(by_day) == len(found)
    return by_day


def test_the_worked_example(lake: Lake) -> None:
    rows = [
        on(0, amount="150", order_id="a"),
        on(0, amount="50", order_id="b"),
        on(1, amount="50", order_id="c"),
        refund(1, "-100", order_id="a"),
        refund(3, "-25", order_id="b"),
    ]
    found = cohorts(lake, *rows)
    assert [(day, row["refund_rate_to_date"]) for day, row in found.items()] == [(0, 0.625), (1, 0.0)]
    compute(lake, MARTS["refund_ratios"], [DAY, DAY + timedelta(days=1)])
    assert [row["refund_ratio_amount"] for row in rows_of(lake, "refund_ratios")] == [0.0, 2.0]


def test_every_column_by_hand(lake: Lake) -> None:
    found = cohorts(
        lake,
        on(0, amount="200.00", order_id="a"),
        on(0, amount="100.00", status="refunded"),
        on(0, amount=None),
        refund(7, "-20.00", order_id="a"),
        refund(8, "-30.00", order_id="a"),
        refund(90, "-160.00", order_id="a"),
        refund(91, "-1.00"),
    )
    assert found[0] == {
        "date": DAY,
        "connection_id": "moss",
        "platform": "WOO_COMMERCE",
        "iso_currency_code": "EUR",
        "sale_count": 3,
        "gross_volume": "300",
        "refunded_amount_r7": "20",
        "refunded_amount_r30": "50",
        "refunded_amount_r60": "50",
        "refunded_amount_r90": "200",
        "refunded_amount": "200",
        "refund_rate_r7": 20 / 300,
        "refund_rate_r30": 50 / 300,
        "refund_rate_r60": 50 / 300,
        "refund_rate_r90": 200 / 300,
        "refund_rate_to_date": 200 / 300,
        "over_refund_amount": "10",
        "unlinked_refund_amount": "0",
        "link_coverage": 1.0,
        "inferred_refund_amount": "100",
        "null_amount_count": 1,
    }
    assert (found[91]["gross_volume"], found[91]["unlinked_refund_amount"]) == ("0", "1")


def test_a_figure_is_known_when_its_days_are_over(lake: Lake) -> None:
    rows = [on(0, order_id="a"), refund(1, "-2.50", order_id="a")]
    for known_on, expected in ((7, None), (8, "2.5")):
        row = cohorts(lake, *rows, known_on=DAY + timedelta(days=known_on))[0]
        assert row["refunded_amount_r7"] == expected
        assert (row["refund_rate_r7"], row["refunded_amount_r30"]) == (expected and 0.25, None)
        assert (row["refunded_amount"], row["refund_rate_to_date"]) == ("2.5", 0.25)


def test_time_alone_changes_the_cohorts_that_come_of_age_and_no_others(lake: Lake) -> None:
    store(lake, *(on(later, order_id="a") for later in range(100)))
    known_on = DAY + timedelta(days=100)
    compute(lake, COHORTS, [], known_on)
    done = compute(lake, COHORTS, [], known_on + timedelta(days=1))
    assert [(known_on - day.day).days for day in done] == [90, 60, 30, 7]
    assert all(day.is_changed for day in done)
    assert compute(lake, COHORTS, [], known_on + timedelta(days=1)) == []


def test_a_refund_that_lands_today_changes_the_cohort_of_its_sale_and_no_other(lake: Lake) -> None:
    rows = [on(later, order_id=f"order {later}") for later in range(0, 400, 10)]
    rows += [refund(later + 3, "-1", order_id=f"order {later}") for later in range(0, 400, 10)]
    days = store(lake, *rows)
    known_on = DAY + timedelta(days=402)
    compute(lake, COHORTS, days, known_on)
    store(lake, refund(401, "-4", order_id="order 150"))
    done = compute(lake, COHORTS, COHORTS.reached_by([DAY + timedelta(days=401)]), known_on)
    assert [((day.day - DAY).days, day.is_changed) for day in done] == [(150, True), (401, False)]
    (found,) = rows_of(lake, "refund_cohorts", [DAY + timedelta(days=150)])
    assert (found["refunded_amount"], found["refunded_amount_r90"]) == ("5", "1")


def test_an_unlinked_refund_changes_the_coverage_of_the_90_days_before_it_and_no_others(lake: Lake) -> None:
    rows = [on(later, order_id=f"order {later}") for later in range(200)]
    rows += [refund(later, "-1", order_id=f"order {later}") for later in range(200)]
    days = store(lake, *rows)
    compute(lake, COHORTS, days, LATER)
    store(lake, *(row for row in rows if row["created_at"] == NOON + timedelta(days=199)), refund(199, "-9"))
    done = compute(lake, COHORTS, COHORTS.reached_by([DAY + timedelta(days=199)]), LATER)
    assert [(day.day - DAY).days for day in done] == list(range(109, 200))
    found = rows_of(lake, "refund_cohorts", [DAY + timedelta(days=later) for later in (108, 109, 199)])
    assert [row["link_coverage"] for row in found] == [1.0, 91 / 100, 1 / 10]
    assert [row["refund_rate_to_date"] for row in found] == [0.1, None, None]
    assert [row["refunded_amount"] for row in found] == ["1", "1", "1"]


def test_a_refund_that_vanishes_leaves_its_cohort(lake: Lake) -> None:
    kept = on(50)
    cohorts(lake, on(0, order_id="a"), refund(50, "-3", order_id="a"), kept)
    store(lake, kept)
    done = compute(lake, COHORTS, [DAY + timedelta(days=50)], LATER)
    assert [((day.day - DAY).days, day.is_changed) for day in done] == [(0, True), (50, True)]
    assert rows_of(lake, "refund_cohorts")[0]["refunded_amount"] == "0"


@pytest.mark.parametrize("field", ["parent_id", "charge", "payment_id", "sale_id"])
@pytest.mark.parametrize("name", ["platform_id", "id"])
def test_the_parent_goes_before_the_order(lake: Lake, field: str, name: str) -> None:
    found = cohorts(
        lake,
        on(0, order_id="a"),
        on(1, order_id="b", **{name: "txn_1"}),
        refund(2, "-4", order_id="a", platform_data=json.dumps({"parent_id": None, field: "txn_1"})),
    )
    assert [row["refunded_amount"] for row in found.values()] == ["0", "4"]


def test_a_parent_that_is_no_counted_sale_leaves_it_to_the_order(lake: Lake) -> None:
    held = on(0, order_id="a", platform_id="91", platform_type="authorization")
    captures = [on(later, amount="5", order_id="a", platform_type="capture") for later in (1, 2)]
    found = cohorts(lake, held, *captures, refund(4, "-6", order_id="a", platform_data=of_parent("91")))
    assert {day: row["refunded_amount"] for day, row in found.items()} == {1: "5", 2: "1"}


def test_an_order_with_two_sales_gives_back_the_oldest_first(lake: Lake) -> None:
    found = cohorts(
        lake,
        on(0, amount="10", order_id="a", platform_id="90"),
        on(1, amount="10", order_id="a"),
        refund(2, "-7", order_id="a"),
        refund(3, "-5", order_id="a"),
        refund(4, "-2", order_id="a", platform_data=of_parent("90")),
    )
    assert [(row["refunded_amount"], row["over_refund_amount"]) for row in found.values()] == [("10", "0"), ("4", "0")]


def test_two_refunds_of_one_sale_of_either_sign_and_no_more_than_it(lake: Lake) -> None:
    for data in (None, of_parent("90")):
        order_id = "a" if data is None else None
        sale = on(0, amount="10", order_id=order_id, platform_id="90")
        parts = [
            refund(later, amount, order_id=order_id, platform_data=data) for later, amount in ((1, "-6"), (9, "7"))
        ]
        found = cohorts(lake, sale, *parts)[0]
        assert (found["refunded_amount_r7"], found["refunded_amount"]) == ("6", "10")
        assert (found["over_refund_amount"], found["refund_rate_to_date"]) == ("3", 1.0)


def test_a_refund_seen_before_its_sale_waits_unlinked(lake: Lake) -> None:
    early = refund(3, "-4", order_id="a")
    assert cohorts(lake, early)[3]["unlinked_refund_amount"] == "4"
    found = cohorts(lake, early, on(0, order_id="a"))
    assert list(found) == [0]
    assert (found[0]["refunded_amount"], found[0]["link_coverage"]) == ("4", 1.0)


def test_a_refund_without_an_order_or_in_another_currency_belongs_to_no_sale(lake: Lake) -> None:
    days = store(
        lake,
        on(0, order_id="a"),
        refund(0, "-3", order_id="a", iso_currency_code="KWD"),
        refund(0, "-2"),
        refund(0, "-1", order_id="a", iso_currency_code=None),
    )
    compute(lake, COHORTS, days, LATER)
    assert [
        (row["iso_currency_code"], row["gross_volume"], row["unlinked_refund_amount"], row["refund_rate_r90"])
        for row in rows_of(lake, "refund_cohorts")
    ] == [("EUR", "10", "2", None), ("KWD", "0", "3", None), ("XXX", "0", "1", None)]


@pytest.mark.parametrize(("unlinked", "rate"), [("5", 0.95), ("5.000000001", None)])
def test_under_95_percent_of_coverage_there_is_no_rate(lake: Lake, unlinked: str, rate: float | None) -> None:
    found = cohorts(lake, on(0, amount="100", order_id="a"), refund(9, "-95", order_id="a"), refund(90, unlinked))[0]
    assert (found["refund_rate_r30"], found["refund_rate_to_date"]) == (rate, rate)
    assert found["refunded_amount_r30"] == "95"


def test_the_same_id_in_two_connections_is_two_transactions(lake: Lake) -> None:
    rows = [
        on(later, connection_id=shop, id=id_, type=type_, amount=amount, order_id="a")
        for shop, amount in (("dune", "8"), ("moss", "4"))
        for later, id_, type_ in ((0, "1", "sale"), (1, "2", "refund"))
    ]
    days = store(lake, *rows)
    compute(lake, COHORTS, days, LATER)
    assert [row["refunded_amount"] for row in rows_of(lake, "refund_cohorts")] == ["8", "4"]


@pytest.mark.parametrize("parent", [None, "90"])
def test_a_refunded_status_is_inferred_after_48_hours_and_withdrawn_when_the_refund_comes(
    lake: Lake, parent: str | None
) -> None:
    at = datetime(2026, 11, 5, tzinfo=UTC)
    sale = on(0, status="refunded", updated_at=at, order_id="a", platform_id="90")
    inferred = {}
    for known_on in (6, 7):
        row = cohorts(lake, sale, known_on=date(2026, 11, known_on))[0]
        inferred[known_on] = row["inferred_refund_amount"]
        assert (row["refunded_amount"], row["refund_rate_to_date"]) == ("0", 0.0)
    assert inferred == {6: "0", 7: "10"}
    real = refund(20, "-10", order_id=None if parent else "a", platform_data=parent and of_parent(parent))
    row = cohorts(lake, sale, real)[0]
    assert (row["inferred_refund_amount"], row["refunded_amount"]) == ("0", "10")


def test_what_is_pending_failed_or_a_chargeback_gives_nothing_back(lake: Lake) -> None:
    not_done = [refund(1, "-1", order_id="a", status=status) for status in ("pending", "failure", "cancelled", "newer")]
    found = cohorts(lake, on(0, order_id="a"), *not_done, refund(1, "-1", order_id="a", platform_type="chargeback"))
    assert [(day, row["refunded_amount"], row["link_coverage"]) for day, row in found.items()] == [(0, "0", None)]


def test_a_late_update_of_a_sale_400_days_old_reaches_its_cohort(lake: Lake) -> None:
    rows = [on(later, amount="1200.000", iso_currency_code="JPY", order_id="a") for later in (0, 400)]
    days = store(lake, *rows)
    known_on = DAY + timedelta(days=403)
    compute(lake, COHORTS, days, known_on)
    store(lake, rows[0] | {"status": "refunded", "updated_at": NOON + timedelta(days=400)})
    done = compute(lake, COHORTS, [DAY], known_on)
    assert [(day.day, day.is_changed) for day in done] == [(DAY, True)]
    assert rows_of(lake, "refund_cohorts", [DAY])[0]["inferred_refund_amount"] == "1200"

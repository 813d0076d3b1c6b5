"""What the report says of given rows, with money as strings: one lake, a merchant for each claim."""

from datetime import timedelta
from decimal import Decimal

import pytest

from rutter_assets.lake.lake import Lake
from rutter_assets.report.content import CHARTED_MOST, Content, Row, content
from tests.conftest import NOW
from tests.marts.given import rows_of
from tests.report.given import TODAY, connection, fill, on

MUST_ACT = {"status": "needs_reauth", "needs_update": True}

FEES = (
    on(3, connection_id="fees", amount="300.00", fee="9.00"),
    on(2, connection_id="fees", amount="100.00", fee=None),
    on(1, connection_id="fees", amount="3.333333333", type="fee"),
    on(1, connection_id="no-fees", fee=None),
    on(1, connection_id="zero-fees", fee="0"),
)
REFUNDS = (
    on(30, connection_id="refunds", amount="100"),
    on(29, connection_id="refunds", amount="50"),
    on(0, connection_id="refunds", type="refund", amount="-10"),
)
CHARGEBACKS = (
    on(9, connection_id="chargebacks", amount="200"),
    on(3, connection_id="chargebacks", type="other", platform_type="chargeback", amount="-30.50"),
    on(1, connection_id="chargebacks", type="other", platform_type="chargeback won", amount="30.50"),
)
CURRENCIES = (
    on(1, connection_id="currencies"),
    on(1, connection_id="currencies", iso_currency_code="KWD", amount="1.005"),
    on(1, connection_id="currencies", iso_currency_code=None),
)
DARK = (
    on(39, amount="600", connection_id="long"),  # the 30th day before its data stopped
    on(40, amount="9999", connection_id="long"),  # one day too early to count
    on(10, amount="300", connection_id="long"),
    on(2, amount="3000", connection_id="short"),
    on(2, amount="9000", connection_id="yen", iso_currency_code="JPY"),
    on(4, amount="30", connection_id="untold"),
    on(1, amount="-1", connection_id="untold", type="refund"),
)
COHORTS = (
    on(60, connection_id="cohort", amount="100", order_id="a"),
    on(55, connection_id="cohort", type="refund", amount="-10", order_id="a"),
    on(20, connection_id="cohort", type="refund", amount="-15", order_id="a"),
    on(31, connection_id="young", amount="100", order_id="a"),  # 1 October
    on(30, connection_id="young", type="refund", amount="-10", order_id="a"),
    on(29, connection_id="young", amount="100"),  # 3 October
    on(100, connection_id="unlinked", amount="100", order_id="a"),
    on(99, connection_id="unlinked", type="refund", amount="-10", order_id="a"),
    on(98, connection_id="unlinked", type="refund", amount="-10", order_id="elsewhere"),
)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """The lake of all these merchants, of which some must act."""
    made = Lake.open(str(tmp_path_factory.mktemp("content") / "lake"), buckets=1, source="sandbox")
    return fill(
        made,
        *(*FEES, *REFUNDS, *CHARGEBACKS, *CURRENCIES, *DARK, *COHORTS),
        connections=(
            connection("long", last_sync_completed_at=NOW - timedelta(days=10), **MUST_ACT),
            connection("short", last_sync_completed_at=NOW - timedelta(days=2), **MUST_ACT),
            connection("yen", last_sync_completed_at=NOW - timedelta(days=1), **MUST_ACT),
            connection("untold", last_sync_completed_at=None, status="disabled"),
            connection("never", last_sync_completed_at=None, is_disabled=True, disabled_reason="CERT_EXPIRED"),
            connection("fees"),
        ),
    )


@pytest.fixture(scope="module")
def found(lake: Lake) -> Content:
    return content(lake)


def merchant(found: Content, connection_id: str) -> Row:
    """The row of a merchant with one currency, money as the shortest string."""
    (row,) = [row for row in found.merchants if row["connection_id"] == connection_id]
    return {name: f"{value.normalize():f}" if isinstance(value, Decimal) else value for name, value in row.items()}


def cohorts(found: Content, connection_id: str) -> list[Row]:
    return [row for row in found.cohorts if row["connection_id"] == connection_id]


def test_rates_are_sums_over_sums_and_come_with_their_coverage(found: Content) -> None:
    row = merchant(found, "fees")
    assert (row["gross_volume"], row["fees_total"]) == ("400", "12.333333333")
    assert (row["fee_coverage"], row["effective_fee_rate"]) == (0.75, 0.03)
    assert row["all_in_fee_rate"] == pytest.approx(12.333333333 / 400)


def test_where_no_fee_is_told_the_fees_are_unknown_and_not_zero(found: Content) -> None:
    row = merchant(found, "no-fees")
    assert (row["fees_total"], row["effective_fee_rate"], row["all_in_fee_rate"]) == (None, None, None)
    assert row["fee_coverage"] == 0.0


def test_a_fee_that_is_told_to_be_zero_is_zero(found: Content) -> None:
    row = merchant(found, "zero-fees")
    assert (row["fees_total"], row["effective_fee_rate"], row["fee_coverage"]) == ("0", 0.0, 1.0)


def test_the_ratio_of_30_days_ends_with_the_snapshot_s_day(found: Content) -> None:
    row = merchant(found, "refunds")
    assert (row["refund_ratio_amount_30d"], row["refund_ratio_amount"]) == (0.2, 10 / 150)


def test_chargebacks_and_what_was_won_back_are_told_apart(found: Content) -> None:
    row = merchant(found, "chargebacks")
    assert (row["chargeback_count"], row["chargeback_amount"]) == (1, "30.5")
    assert (row["chargeback_reversal_amount"], row["chargeback_ratio"]) == ("30.5", 0.1525)


def test_currencies_never_meet(found: Content) -> None:
    rows = [row for row in found.merchants if row["connection_id"] == "currencies"]
    volumes = {row["iso_currency_code"]: f"{row['gross_volume']:.3f}" for row in rows}
    assert volumes == {"EUR": "10.000", "KWD": "1.005", "XXX": "10.000"}


def test_the_queue_is_ranked_by_the_volume_that_has_gone_dark(found: Content) -> None:
    assert [(one.connection_id, one.iso_currency_code, one.days_dark, one.volume) for one in found.queue] == [
        ("long", "EUR", 10, Decimal(300)),  # 900 / 30 * 10
        ("short", "EUR", 2, Decimal(200)),
        ("untold", "EUR", 4, Decimal(4)),
        ("yen", "JPY", 1, Decimal(300)),
        ("never", None, None, None),
    ]
    assert [one.is_disabled for one in found.queue] == [False, False, True, False, True]


def test_a_source_that_never_told_a_sync_is_dark_since_its_last_sale(found: Content) -> None:
    (one,) = [one for one in found.queue if one.connection_id == "untold"]
    assert one.last_day == TODAY - timedelta(days=4)


def test_a_month_of_sales_has_the_rates_of_its_days_once_they_are_old_enough(lake: Lake, found: Content) -> None:
    """Its month has one day of sales, so its rates are those of the mart's row."""
    (cohort,) = cohorts(found, "cohort")
    in_mart = [row for row in rows_of(lake, "refund_cohorts") if row["connection_id"] == "cohort"]
    names = [f"refund_rate_r{age}" for age in (7, 30, 60, 90)]
    assert [cohort[name] for name in names] == [in_mart[0][name] for name in names] == [0.1, 0.1, None, None]
    assert cohort["link_coverage"] == 1.0


def test_a_month_is_as_old_as_its_last_day_of_sales(found: Content) -> None:
    """1 October is 31 days old and 3 October is not."""
    (cohort,) = cohorts(found, "young")
    assert (cohort["refund_rate_r7"], cohort["refund_rate_r30"]) == (0.05, None)


def test_where_too_few_refunds_tell_their_sale_the_rates_are_unknown(found: Content) -> None:
    rows = cohorts(found, "unlinked")
    assert len(rows) == 2, "the month, and all that is 90 days old"
    assert {(row["link_coverage"], row["refund_rate_r7"], row["refund_rate_r90"]) for row in rows} == {
        (0.5, None, None)
    }


def test_the_largest_of_each_currency_are_drawn_before_the_second_of_any(found: Content) -> None:
    assert found.charted[:5] == [
        ("long", "EUR"), ("yen", "JPY"), ("currencies", "KWD"), ("currencies", "XXX"), ("short", "EUR"),
    ]  # fmt: skip
    assert len(found.charted) == len(found.merchants) < CHARTED_MOST


def test_an_empty_lake_has_an_empty_content(tmp_path_factory: pytest.TempPathFactory) -> None:
    empty = Lake.open(str(tmp_path_factory.mktemp("empty") / "lake"), buckets=1, source="sandbox")
    found = content(empty)
    assert (found.as_of, found.merchants, found.charted, found.queue, found.names) == (None, [], [], [], {})

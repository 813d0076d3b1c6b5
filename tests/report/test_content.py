"""What the report says of given rows, with money as strings."""

from datetime import timedelta
from decimal import Decimal

import pytest

from rutter_assets.lake.lake import Lake
from rutter_assets.report.content import CHARTED_MOST, Row, content
from tests.conftest import NOW
from tests.marts.given import rows_of
from tests.report.given import TODAY, connection, fill, on


def merchant(lake: Lake, *rows: dict[str, object]) -> Row:
    """The one row that the transactions make."""
    (found,) = content(fill(lake, *rows)).merchants
    return {name: f"{value.normalize():f}" if isinstance(value, Decimal) else value for name, value in found.items()}


def test_rates_are_sums_over_sums_and_come_with_their_coverage(lake: Lake) -> None:
    found = merchant(
        lake,
        on(3, amount="300.00", fee="9.00"),
        on(2, amount="100.00", fee=None),
        on(1, amount="3.333333333", type="fee"),
    )
    assert (found["gross_volume"], found["fees_total"]) == ("400", "12.333333333")
    assert (found["fee_coverage"], found["effective_fee_rate"]) == (0.75, 0.03)
    assert found["all_in_fee_rate"] == pytest.approx(12.333333333 / 400)


def test_where_no_fee_is_told_the_fees_are_unknown_and_not_zero(lake: Lake) -> None:
    found = merchant(lake, on(1, fee=None))
    assert (found["fees_total"], found["effective_fee_rate"], found["all_in_fee_rate"]) == (None, None, None)
    assert found["fee_coverage"] == 0.0


def test_a_fee_that_is_told_to_be_zero_is_zero(lake: Lake) -> None:
    found = merchant(lake, on(1, fee="0"))
    assert (found["fees_total"], found["effective_fee_rate"], found["fee_coverage"]) == ("0", 0.0, 1.0)


def test_the_ratio_of_30_days_ends_with_the_snapshot_s_day(lake: Lake) -> None:
    rows = [on(30, amount="100"), on(29, amount="50"), on(0, type="refund", amount="-10")]
    found = content(fill(lake, *rows, connections=(connection("moss"),))).merchants[0]
    assert (found["refund_ratio_amount_30d"], found["refund_ratio_amount"]) == (0.2, 10 / 150)


def test_chargebacks_and_what_was_won_back_are_told_apart(lake: Lake) -> None:
    found = merchant(
        lake,
        on(9, amount="200"),
        on(3, type="other", platform_type="chargeback", amount="-30.50"),
        on(1, type="other", platform_type="chargeback won", amount="30.50"),
    )
    assert (found["chargeback_count"], found["chargeback_amount"]) == (1, "30.5")
    assert (found["chargeback_reversal_amount"], found["chargeback_ratio"]) == ("30.5", 0.1525)


def test_currencies_never_meet(lake: Lake) -> None:
    found = content(fill(lake, on(1), on(1, iso_currency_code="JPY", amount="1000"), on(1, iso_currency_code=None)))
    volumes = {row["iso_currency_code"]: f"{row['gross_volume']:.2f}" for row in found.merchants}
    assert volumes == {"EUR": "10.00", "JPY": "1000.00", "XXX": "10.00"}


def test_the_queue_is_ranked_by_the_volume_that_has_gone_dark(lake: Lake) -> None:
    gone = {"status": "needs_reauth", "needs_update": True}
    found = content(
        fill(
            lake,
            on(39, amount="600", connection_id="long"),  # the 30th day before its data stopped
            on(40, amount="9999", connection_id="long"),  # one day too early to count
            on(10, amount="300", connection_id="long"),
            on(2, amount="3000", connection_id="short"),
            on(2, amount="6000", connection_id="fine"),
            on(2, amount="9000", connection_id="yen", iso_currency_code="JPY"),
            connections=(
                connection("long", last_sync_completed_at=NOW - timedelta(days=10), **gone),
                connection("short", last_sync_completed_at=NOW - timedelta(days=2), **gone),
                connection("yen", last_sync_completed_at=NOW - timedelta(days=1), **gone),
                connection("never", last_sync_completed_at=None, is_disabled=True, disabled_reason="CERT_EXPIRED"),
                connection("fine"),
            ),
        )
    )
    assert [(one.connection_id, one.iso_currency_code, one.days_dark, one.volume) for one in found.queue] == [
        ("long", "EUR", 10, Decimal(300)),  # 900 / 30 * 10
        ("short", "EUR", 2, Decimal(200)),
        ("yen", "JPY", 1, Decimal(300)),
        ("never", None, None, None),
    ]
    assert [one.is_disabled for one in found.queue] == [False, False, False, True]


def test_a_source_that_never_told_a_sync_is_dark_since_its_last_sale(lake: Lake) -> None:
    gone = connection("moss", status="disabled", is_disabled=True, last_sync_completed_at=None)
    (one,) = content(fill(lake, on(4, amount="30"), on(1, type="refund", amount="-1"), connections=(gone,))).queue
    assert (one.last_day, one.days_dark, one.volume) == (TODAY - timedelta(days=4), 4, Decimal(4))


def test_a_month_of_sales_has_the_rates_of_its_days_once_they_are_old_enough(lake: Lake) -> None:
    """Its month has one day of sales, so its rates are those of the mart's row."""
    sale = on(60, amount="100", order_id="a")
    found = content(
        fill(
            lake,
            sale,
            on(55, type="refund", amount="-10", order_id="a"),
            on(20, type="refund", amount="-15", order_id="a"),
            connections=(connection("moss"),),
        )
    )
    (cohort,) = [row for row in found.cohorts if row["month"] is not None]
    (mart_row,) = [row for row in rows_of(lake, "refund_cohorts") if row["gross_volume"] == "100"]
    names = [f"refund_rate_r{age}" for age in (7, 30, 60, 90)]
    assert [cohort[name] for name in names] == [mart_row[name] for name in names] == [0.1, 0.1, None, None]
    assert cohort["link_coverage"] == 1.0


def test_a_month_is_as_old_as_its_last_day_of_sales(lake: Lake) -> None:
    """1 October is 31 days old and 3 October is not."""
    rows = [on(31, amount="100", order_id="a"), on(30, type="refund", amount="-10", order_id="a"), on(29, amount="100")]
    (cohort,) = content(fill(lake, *rows, connections=(connection("moss"),))).cohorts
    assert (cohort["refund_rate_r7"], cohort["refund_rate_r30"]) == (0.05, None)


def test_where_too_few_refunds_tell_their_sale_the_rates_are_unknown(lake: Lake) -> None:
    rows = [
        on(100, amount="100", order_id="a"),
        on(99, type="refund", amount="-10", order_id="a"),
        on(98, type="refund", amount="-10", order_id="elsewhere"),
    ]
    found = content(fill(lake, *rows, connections=(connection("moss"),))).cohorts
    assert len(found) == 2, "the month, and all that is 90 days old"
    assert {(row["link_coverage"], row["refund_rate_r7"], row["refund_rate_r90"]) for row in found} == {
        (0.5, None, None)
    }


def test_the_largest_of_each_currency_are_drawn_before_the_second_of_any(lake: Lake) -> None:
    euros = [on(1, connection_id=f"m{number:02d}", amount=str(1000 - number)) for number in range(CHARTED_MOST + 5)]
    yen = [on(1, connection_id=name, amount="5", iso_currency_code="JPY") for name in ("m01", "m02")]
    found = content(fill(lake, *euros, *yen))
    assert found.charted[:4] == [("m00", "EUR"), ("m01", "JPY"), ("m01", "EUR"), ("m02", "JPY")]
    assert len(found.charted) == CHARTED_MOST
    assert len(found.merchants) == CHARTED_MOST + 7


def test_an_empty_lake_has_an_empty_content(lake: Lake) -> None:
    found = content(lake)
    assert (found.as_of, found.merchants, found.charted, found.queue, found.names) == (None, [], [], [], {})

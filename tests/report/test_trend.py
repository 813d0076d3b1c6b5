"""A mart's share by day, and the picture of its last days."""

import base64
import xml.etree.ElementTree as ET
from datetime import timedelta

import pytest

from rutter_assets.lake.lake import Lake
from rutter_assets.marts.mart import MARTS
from rutter_assets.report.trend import shares, trend
from tests.report.given import TODAY, fill, on

YESTERDAY = TODAY - timedelta(days=1)


def test_a_share_is_of_all_merchants_together_and_of_one_currency(lake: Lake) -> None:
    fill(
        lake,
        on(1, amount="100", fee="1"),
        on(1, amount="300", fee="7", connection_id="alder"),
        on(1, amount="100", fee="30", iso_currency_code="JPY"),
    )
    assert shares(lake, MARTS["fee_totals"], [YESTERDAY, TODAY]) == {
        YESTERDAY: {"all_in_fee_rate/EUR": 0.02, "all_in_fee_rate/JPY": 0.3}
    }


def test_who_tells_no_fees_makes_the_rate_no_smaller(lake: Lake) -> None:
    fill(lake, on(1, amount="100", fee="2"), on(1, amount="900", connection_id="untold"), on(2, amount="5"))
    days = [YESTERDAY, YESTERDAY - timedelta(days=1)]
    assert shares(lake, MARTS["fee_totals"], days) == {YESTERDAY: {"all_in_fee_rate/EUR": 0.02}}


def test_whose_refunds_cannot_be_linked_makes_the_cohort_s_rate_no_smaller(lake: Lake) -> None:
    fill(
        lake,
        on(9, amount="100", order_id="a"),
        on(8, type="refund", amount="-10", order_id="a"),
        on(9, amount="900", connection_id="unlinked"),
        on(8, type="refund", amount="-90", connection_id="unlinked"),
    )
    day = TODAY - timedelta(days=9)
    assert shares(lake, MARTS["refund_cohorts"], [day]) == {day: {"refund_rate_to_date/EUR": 0.1}}
    assert shares(lake, MARTS["refund_ratios"], [day]) == {day: {"refund_ratio_amount/EUR": 0.0}}


def test_the_trend_is_a_picture_with_the_newest_figures_below(lake: Lake) -> None:
    fill(
        lake,
        *(on(ago, amount="100") for ago in range(60)),
        on(29, type="refund", amount="-90"),
        on(30, type="refund", amount="-900"),
        on(3, iso_currency_code="JPY"),
    )
    found = trend(lake, MARTS["refund_ratios"], TODAY)
    assert found.sentence == "Refunds as a share of the volume, over 30 days: EUR 3.00 %, JPY 0.00 %."
    encoded = found.markdown.partition("(data:image/svg+xml;base64,")[2].partition(")")[0]
    picture = ET.fromstring(base64.b64decode(encoded))  # noqa: S314 - made by us
    texts = {text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")}
    assert {"EUR", "JPY", "refunds / volume"} <= texts
    assert found.markdown.endswith(found.sentence)


@pytest.mark.parametrize("mart", MARTS)
def test_without_any_known_share_there_is_a_sentence_alone(lake: Lake, mart: str) -> None:
    found = trend(lake, MARTS[mart], TODAY)
    assert found.markdown == found.sentence == f"Nothing is known of the 90 days up to {TODAY}."

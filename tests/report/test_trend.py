"""A mart's share by day, and the picture of its last days: one lake, a currency for each claim."""

import base64
import xml.etree.ElementTree as ET
from datetime import timedelta

import pytest

from rutter_assets.lake.lake import Lake
from rutter_assets.marts.mart import MARTS
from rutter_assets.report.trend import shares, trend
from tests.report.given import TODAY, fill, on

YESTERDAY = TODAY - timedelta(days=1)
NINE_DAYS_AGO = TODAY - timedelta(days=9)

TOGETHER = (on(1, amount="100", fee="1"), on(1, amount="300", fee="7", connection_id="alder"))
UNTOLD = (
    on(1, amount="100", fee="2", iso_currency_code="USD"),
    on(1, amount="900", iso_currency_code="USD", connection_id="untold"),
    on(9, amount="5", iso_currency_code="USD"),
)
UNLINKED = (
    on(9, amount="100", order_id="a", iso_currency_code="GBP"),
    on(8, type="refund", amount="-10", order_id="a", iso_currency_code="GBP"),
    on(9, amount="900", connection_id="unlinked", iso_currency_code="GBP"),
    on(8, type="refund", amount="-90", connection_id="unlinked", iso_currency_code="GBP"),
)
TRAILING = (
    on(30, type="refund", amount="-900", iso_currency_code="CAD"),  # the 31st day before today
    on(29, type="refund", amount="-3", iso_currency_code="CAD"),
    on(0, amount="100", iso_currency_code="CAD"),
)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    made = Lake.open(str(tmp_path_factory.mktemp("trend") / "lake"), buckets=1, source="sandbox")
    return fill(made, *TOGETHER, *UNTOLD, *UNLINKED, *TRAILING)


def test_a_share_is_of_all_merchants_together_and_of_one_currency(lake: Lake) -> None:
    found = shares(lake, MARTS["fee_totals"], [YESTERDAY, TODAY])
    assert found[YESTERDAY]["all_in_fee_rate/EUR"] == 0.02
    assert TODAY not in found


def test_who_tells_no_fees_makes_the_rate_no_smaller(lake: Lake) -> None:
    found = shares(lake, MARTS["fee_totals"], [YESTERDAY, NINE_DAYS_AGO])
    assert found[YESTERDAY]["all_in_fee_rate/USD"] == 0.02
    assert NINE_DAYS_AGO not in found


def test_whose_refunds_cannot_be_linked_makes_the_cohort_s_rate_no_smaller(lake: Lake) -> None:
    assert shares(lake, MARTS["refund_cohorts"], [NINE_DAYS_AGO])[NINE_DAYS_AGO]["refund_rate_to_date/GBP"] == 0.1
    assert shares(lake, MARTS["refund_ratios"], [NINE_DAYS_AGO])[NINE_DAYS_AGO]["refund_ratio_amount/GBP"] == 0.0


def test_the_trend_is_a_picture_with_the_newest_figures_below(lake: Lake) -> None:
    found = trend(lake, MARTS["refund_ratios"], TODAY)
    assert found.sentence == (
        "Refunds as a share of the volume, over 30 days: CAD 3.00 %, EUR 0.00 %, GBP 10.00 %, USD 0.00 %."
    )
    encoded = found.markdown.partition("(data:image/svg+xml;base64,")[2].partition(")")[0]
    picture = ET.fromstring(base64.b64decode(encoded))  # noqa: S314 - made by us
    texts = {text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")}
    assert {"CAD", "EUR", "GBP", "USD", "refunds / volume"} <= texts
    assert found.markdown.endswith(found.sentence)


def test_without_any_known_share_there_is_a_sentence_alone(lake: Lake) -> None:
    long_ago = TODAY - timedelta(days=700)
    found = trend(lake, MARTS["refund_ratios"], long_ago)
    assert found.markdown == found.sentence == f"Nothing is known of the 90 days up to {long_ago}."

"""The marts as assets: which days, which figures, and a check that can fail."""

import dagster as dg
import pytest

from rutter_assets.lake import layout, parquet
from rutter_assets.marts.mart import MARTS
from rutter_assets.sandbox import Merchant
from tests.conftest import row
from tests.defs.conftest import StageOf, at, sales


def conserved(mart: str) -> dg.AssetCheckKey:
    return dg.AssetCheckKey(dg.AssetKey(["rutter", mart]), "sums_equal_the_lake")


def test_the_marts_are_computed_for_the_days_that_have_transactions(stage_of: StageOf) -> None:
    stage = stage_of(sales(4, 2, fee=3))
    stage.read(6, 0)
    assert stage.run("compute_marts", first=6, last=0).success
    for mart in MARTS:
        assert stage.reported(mart) == [stage.day(4), stage.day(2)]
    told = stage.metadata("fee_totals", stage.day(4))
    assert told["rows"] == 1
    assert told["sums"] == {"EUR": {"gross_volume": "801.000000000", "fees_total": "6.000000000"}}
    assert (told["gross_volume/EUR"], told["fees_total/EUR"]) == (801.0, 6.0)


def test_each_day_tells_its_rates_and_the_last_one_shows_the_trend(stage_of: StageOf) -> None:
    refund = row(9, at(2), type="refund", amount=-101, fee=None)
    stage = stage_of(sales(4, 2, fee=3), Merchant.of([refund], name="Returns (sample)"))
    stage.read(6, 0)
    stage.run("compute_marts", first=6, last=0)
    early, last = ({mart: stage.metadata(mart, stage.day(ago)) for mart in MARTS} for ago in (4, 2))
    assert early["fee_totals"]["all_in_fee_rate/EUR"] == 6 / 801
    assert last["refund_ratios"]["refund_ratio_amount/EUR"] == 101 / 401
    for mart in MARTS:
        assert "trend" not in early[mart]
        assert str(last[mart]["trend"]).startswith(f"![{last[mart]['last_30_days']}](data:image/svg+xml;base64,")


def test_the_marts_hold_the_transactions_money(stage_of: StageOf) -> None:
    stage = stage_of(sales(4, 2, fee=3), sales(3, name="Yuzu (sample)", iso_currency_code="JPY", type="refund"))
    stage.read(6, 0)
    evaluations = stage.run("compute_marts", first=6, last=0).get_asset_check_evaluations()
    assert [(one.asset_key.path[-1], one.passed) for one in evaluations] == [
        ("fee_totals", True),
        ("refund_cohorts", True),
        ("refund_ratios", True),
    ]


@pytest.mark.parametrize("mart", MARTS)
def test_a_row_lost_from_a_mart_fails_its_check(stage_of: StageOf, mart: str) -> None:
    stage = stage_of(sales(4), sales(4, name="B (sample)"))
    stage.read(6, 0)
    stage.run("compute_marts", first=6, last=0)
    path, table = layout.mart(mart, stage.day(4)), MARTS[mart].table
    rows = parquet.from_bytes(stage.lake.storage.read(path) or b"", table, path)
    stage.lake.storage.write(path, parquet.to_bytes(rows.slice(1), table))
    found = stage.run_checks(conserved(mart))["sums_equal_the_lake"]
    assert not found.passed
    assert "gross_volume" in str(found.metadata["differences"].value)


def test_a_late_refund_reports_the_cohort_of_its_sale_in_a_run_over_its_own_day(stage_of: StageOf) -> None:
    sold = [row(number, at(number), order_id=f"order {number}") for number in (5, 4, 3)]
    refunds = [row(8, at(2), order_id="order 3", type="refund", amount=-1)]
    late = row(9, at(1), order_id="order 4", type="refund", amount=-2)
    stage = stage_of(Merchant.of([*sold, *refunds, late]))
    stage.read(6, 2)
    stage.run("compute_marts", first=6, last=2)
    assert stage.reported("refund_cohorts") == [stage.day(ago) for ago in (5, 4, 3, 2)]
    stage.read(1, 1)
    result = stage.run("compute_marts", first=1, last=1)
    cohorts = dg.AssetKey(["rutter", "refund_cohorts"])
    told = [one for one in result.all_events if one.is_step_materialization and one.asset_key == cohorts]
    assert [one.partition for one in told] == [str(stage.day(ago)) for ago in (4, 1)]
    assert stage.metadata("refund_cohorts", stage.day(4))["sums"] == {
        "EUR": {"gross_volume": "4.000000000", "refunded_amount": "2.000000000"}
    }

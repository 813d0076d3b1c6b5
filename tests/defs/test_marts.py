"""The marts as assets: which days, which figures, and a check that can fail."""

import dagster as dg
import pytest

from rutter_assets.lake import layout, parquet
from rutter_assets.marts.mart import MARTS
from tests.defs.conftest import StageOf, sales


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


def test_the_marts_hold_the_transactions_money(stage_of: StageOf) -> None:
    stage = stage_of(sales(4, 2, fee=3), sales(3, name="Yuzu (sample)", iso_currency_code="JPY", type="refund"))
    stage.read(6, 0)
    evaluations = stage.run("compute_marts", first=6, last=0).get_asset_check_evaluations()
    assert [(one.asset_key.path[-1], one.passed) for one in evaluations] == [
        ("fee_totals", True),
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

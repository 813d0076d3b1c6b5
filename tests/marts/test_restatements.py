"""What a figure was before it became another, and a mart as it was known at an instant."""

import os
import random
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from rutter_assets.errors import LakeError
from rutter_assets.lake import layout, parquet
from rutter_assets.lake.lake import Lake
from rutter_assets.marts.as_of import as_of
from rutter_assets.marts.mart import MARTS, Mart, compute, read
from rutter_assets.marts.restatements import restatement_files
from rutter_assets.marts.tables import RESTATEMENTS
from tests.marts.given import DAY, NOON, store, transaction

FEE_TOTALS, RATIOS, COHORTS = MARTS["fee_totals"], MARTS["refund_ratios"], MARTS["refund_cohorts"]
NEXT = DAY + timedelta(days=1)


def restated(lake: Lake, mart: str = "fee_totals") -> list[tuple[object, ...]]:
    """Metric, before and after of everything recorded, in order."""
    names = ("date", "metric", "before", "after")
    paths = restatement_files(lake, mart)
    rows = [row for path in paths for row in parquet.from_bytes(_content(lake, path), RESTATEMENTS, path).to_pylist()]
    return [tuple(row[name] for name in names) for row in rows]


def _content(lake: Lake, path: str) -> bytes:
    content = lake.storage.read(path)
    assert content is not None
    return content


def test_what_is_computed_for_the_first_time_is_no_restatement(lake: Lake) -> None:
    (day,) = compute(lake, FEE_TOTALS, store(lake, transaction(amount="10.00", fee="0.30")))
    assert day.restated_count == 0
    assert restated(lake) == []


def test_a_figure_that_changes_leaves_one_row_with_both_values(lake: Lake) -> None:
    sale = transaction(amount="10.00", fee="0.30")
    compute(lake, FEE_TOTALS, store(lake, sale))
    began = datetime.now(UTC)
    (day,) = compute(lake, FEE_TOTALS, store(lake, sale | {"fee": sale["amount"]}), run_id="run-1")
    (path,) = restatement_files(lake)
    rows = parquet.from_bytes(_content(lake, path), RESTATEMENTS, path).to_pylist()
    assert {row["metric"]: (row["before"], row["after"]) for row in rows} == {
        "sale_fees": ("0.300000000", "10.000000000"),
        "fees_total": ("0.300000000", "10.000000000"),
        "effective_fee_rate": ("0.03", "1.0"),
        "all_in_fee_rate": ("0.03", "1.0"),
    }
    assert day.restated_count == len(rows) == 4
    for row in rows:
        assert (row["mart"], row["date"], row["connection_id"]) == ("fee_totals", DAY, "moss")
        assert (row["iso_currency_code"], row["run_id"]) == ("EUR", "run-1")
        assert began <= row["known_at"] <= datetime.now(UTC)


def test_computing_the_same_again_records_nothing(lake: Lake) -> None:
    days = store(lake, transaction())
    compute(lake, FEE_TOTALS, days)
    (again,) = compute(lake, FEE_TOTALS, days)
    assert not again.is_changed
    assert restated(lake) == []


def test_a_merchant_that_appears_in_a_known_day_is_recorded_as_nothing_before(lake: Lake) -> None:
    first, late = transaction(), transaction(connection_id="late", amount="7.00")
    compute(lake, FEE_TOTALS, store(lake, first))
    compute(lake, FEE_TOTALS, store(lake, first, late))
    assert (DAY, "gross_volume", None, "7.000000000") in restated(lake)
    assert all(before is None for _, _, before, _ in restated(lake))


def test_a_day_first_computed_beside_known_ones_is_no_restatement(lake: Lake) -> None:
    compute(lake, FEE_TOTALS, store(lake, transaction()))
    later = store(lake, transaction(created_at=NOON + timedelta(days=1)))
    compute(lake, FEE_TOTALS, later)
    assert restated(lake) == []


def test_a_late_refund_restates_the_cohort_of_its_sale_and_nothing_of_other_days(lake: Lake) -> None:
    sale = transaction(order_id="order 1", amount="10.00")
    other = transaction(created_at=NOON + timedelta(days=1), amount="5.00")
    store(lake, sale, other)
    compute(lake, COHORTS, [DAY, NEXT], known_on=date(2026, 11, 10))
    late = NOON + timedelta(days=5)
    days = store(lake, transaction(type="refund", order_id="order 1", amount="4.00", created_at=late))
    compute(lake, COHORTS, days, known_on=date(2026, 11, 10))
    changes = restated(lake, "refund_cohorts")
    assert (DAY, "refunded_amount", "0.000000000", "4.000000000") in changes
    assert {metric for day, metric, *_ in changes if day == NEXT} == {"link_coverage"}
    assert {day for day, *_ in changes} == {DAY, NEXT}


@pytest.mark.parametrize("mart", MARTS.values(), ids=MARTS)
def test_a_past_days_figures_are_reproduced_after_three_later_changes(lake: Lake, mart: Mart) -> None:
    chance = random.Random(20261101)
    known_on = date(2026, 11, 10)
    seen: list[tuple[datetime, pa.Table]] = []
    for version in range(4):
        rows = [
            transaction(
                connection_id=f"merchant-{number % 3}",
                id=f"sale-{number}",
                order_id=f"order-{number}",
                platform_id=f"{number}",
                amount=f"{chance.randrange(1, 9_999_999)}.{chance.randrange(10**9):09d}",
                fee=None if number == version else f"0.{chance.randrange(100):02d}",
                created_at=NOON + timedelta(days=number % 2),
            )
            for number in range(version % 2, 6)
        ]
        rows += [
            transaction(type="refund", id=f"refund-{version}", order_id=f"order-{3 + version % 2}", amount="1.07",
                        connection_id=f"merchant-{version % 2}", created_at=NOON + timedelta(days=1))
        ]  # fmt: skip
        store(lake, *rows)
        compute(lake, mart, [DAY, NEXT], known_on=known_on)
        seen.append((datetime.now(UTC), read(lake, mart)))
    assert len({str(rows) for _, rows in seen}) == 4
    for at, rows in seen:
        assert as_of(lake, mart, at).equals(rows)
    assert len(as_of(lake, mart, seen[0][0] - timedelta(hours=1))) == 0


def test_a_mart_as_of_now_is_the_mart(lake: Lake) -> None:
    compute(lake, RATIOS, store(lake, transaction(), transaction(type="refund")))
    assert as_of(lake, RATIOS, datetime.now(UTC)).equals(read(lake, RATIOS))


def test_a_figure_recorded_and_not_written_because_of_a_kill_is_not_recorded_twice(lake: Lake, tmp_path: Path) -> None:
    sale = transaction(amount="10.00")
    compute(lake, FEE_TOTALS, store(lake, sale))
    before = _content(lake, layout.mart("fee_totals", DAY))
    store(lake, sale | {"type": "refund"})
    compute(lake, FEE_TOTALS, [DAY])
    once = restated(lake)
    lake.storage.write(layout.mart("fee_totals", DAY), before)  # as if the process had ended before it wrote the day
    (day,) = compute(lake, FEE_TOTALS, [DAY])
    assert day.is_changed
    assert restated(lake) == once
    store(lake, sale)  # and back again, which is a change of its own
    compute(lake, FEE_TOTALS, [DAY])
    assert len(restated(lake)) == 2 * len(once)


def test_a_broken_mart_file_is_made_anew_and_says_nothing_false(lake: Lake) -> None:
    compute(lake, FEE_TOTALS, store(lake, transaction()))
    path = layout.mart("fee_totals", DAY)
    good = _content(lake, path)
    lake.storage.write(path, good[:-7])
    (day,) = compute(lake, FEE_TOTALS, [DAY])
    assert (day.is_changed, _content(lake, path)) == (True, good)
    assert restated(lake) == []


def test_broken_restatements_are_named_with_what_to_do(lake: Lake) -> None:
    sale = transaction()
    compute(lake, FEE_TOTALS, store(lake, sale))
    compute(lake, FEE_TOTALS, store(lake, sale | {"type": "refund"}))
    (path,) = restatement_files(lake)
    lake.storage.write(path, b"PAR1")
    with pytest.raises(LakeError, match=f"{path} is not a readable Parquet file: bring it back from a backup"):
        compute(lake, FEE_TOTALS, [DAY])


_COMPUTE = """
import sys
from datetime import date
from rutter_assets.lake.lake import Lake
from rutter_assets.marts.mart import MARTS, compute
lake = Lake.open(sys.argv[1], buckets=1, source="sandbox")
compute(lake, MARTS["fee_totals"], [date.fromisoformat(sys.argv[2])])
"""


def test_two_computations_at_once_record_a_change_once(lake: Lake, tmp_path: Path) -> None:
    sale = transaction()
    compute(lake, FEE_TOTALS, store(lake, sale))
    store(lake, sale | {"type": "refund"})
    command = [sys.executable, "-c", _COMPUTE, str(tmp_path / "lake"), str(DAY)]
    processes = [subprocess.Popen(command, env=dict(os.environ)) for _ in range(2)]
    assert [process.wait(60) for process in processes] == [0, 0]
    metrics = [metric for _, metric, *_ in restated(lake)]
    assert len(metrics) == len(set(metrics)) > 0


def test_every_mart_has_a_volume_in_every_row(lake: Lake) -> None:
    """By which the query that goes back in time tells a row that was there from one that was not."""
    assert all(not mart.table.schema.field("gross_volume").nullable for mart in MARTS.values())

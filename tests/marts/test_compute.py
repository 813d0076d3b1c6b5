"""From day files to day files: which are written, which are not, and when a byte changes."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from rutter_assets.errors import LakeError
from rutter_assets.lake import layout
from rutter_assets.lake.lake import Lake
from rutter_assets.lake.objects import ObjectStorage
from rutter_assets.marts.mart import MARTS, MartDay, compute, read
from rutter_assets.marts.summary import summary
from tests.marts.given import DAY, NOON, rows_of, store, transaction

FEE_TOTALS = MARTS["fee_totals"]
NEXT_DAY = DAY + timedelta(days=1)


def test_computing_again_changes_no_byte(lake: Lake) -> None:
    days = store(lake, *(transaction(connection_id=f"shop-{number}", fee="0.10") for number in range(20)))
    (first,) = compute(lake, FEE_TOTALS, days)
    content = lake.storage.read(layout.mart("fee_totals", DAY))
    (second,) = compute(lake, FEE_TOTALS, days)
    assert (first.is_changed, second.is_changed) == (True, False)
    assert lake.storage.read(layout.mart("fee_totals", DAY)) == content


@pytest.mark.long
def test_a_day_computed_alone_has_the_bytes_it_has_in_a_range(lake: Lake) -> None:
    rows = [transaction(created_at=NOON + timedelta(hours=7 * n), connection_id=f"shop-{n % 3}") for n in range(40)]
    days = store(lake, *rows)
    for mart in MARTS.values():
        compute(lake, mart, days)
        assert not any(compute(lake, mart, [day])[0].is_changed for day in days)


def test_a_day_says_what_an_observer_wants_to_know(lake: Lake) -> None:
    days = store(
        lake,
        transaction(amount="10.00", fee="0.30"),
        transaction(amount="5.00", connection_id="dune"),
        transaction(amount="700", iso_currency_code="JPY"),
    )
    content_size = compute(lake, FEE_TOTALS, days)[0].size_bytes
    assert content_size == len(lake.storage.read(layout.mart("fee_totals", DAY)) or b"")
    assert compute(lake, FEE_TOTALS, days) == [
        MartDay(
            day=DAY,
            rows=3,
            size_bytes=content_size,
            is_changed=False,
            sums={
                "EUR": {"gross_volume": Decimal("15.00"), "fees_total": Decimal("0.30")},
                "JPY": {"gross_volume": Decimal(700), "fees_total": Decimal(0)},
            },
        )
    ]


def test_a_day_that_empties_loses_its_file(lake: Lake) -> None:
    days = store(lake, transaction())
    compute(lake, FEE_TOTALS, days)
    lake.storage.delete(layout.transactions(DAY, 0))
    assert compute(lake, FEE_TOTALS, days) == [
        MartDay(DAY, rows=0, size_bytes=0, is_changed=True, sums={}, restated_count=10)
    ]
    assert compute(lake, FEE_TOTALS, days) == []
    assert read(lake, FEE_TOTALS).num_rows == 0


def test_a_day_whose_rows_stop_counting_loses_its_file(lake: Lake) -> None:
    row = transaction()
    compute(lake, FEE_TOTALS, store(lake, row))
    days = store(lake, row | {"status": "cancelled"})
    assert [(day.rows, day.is_changed) for day in compute(lake, FEE_TOTALS, days)] == [(0, True)]
    assert not lake.storage.exists(layout.mart("fee_totals", DAY))


@pytest.mark.parametrize("days", [[], [DAY]])
def test_without_files_there_is_nothing_to_do(lake: Lake, days: list[date]) -> None:
    assert compute(lake, FEE_TOTALS, days) == []
    assert read(lake, FEE_TOTALS, days).schema == FEE_TOTALS.schema
    assert summary(lake).num_rows == 0


def test_only_the_days_asked_for_are_read_and_written(lake: Lake) -> None:
    store(lake, transaction(), transaction(created_at=NOON + timedelta(days=1)))
    compute(lake, FEE_TOTALS, [NEXT_DAY])
    assert [row["date"] for row in rows_of(lake, "fee_totals")] == [NEXT_DAY]
    assert rows_of(lake, "fee_totals", [DAY]) == []


def test_the_days_come_in_order_however_they_are_given(lake: Lake) -> None:
    days = store(lake, *(transaction(created_at=NOON + timedelta(days=n)) for n in range(5)))
    lake.storage.delete(layout.transactions(days[2], 0))
    lake.storage.write(layout.mart("fee_totals", days[2]), b"old")
    assert [day.day for day in compute(lake, FEE_TOTALS, [*reversed(days), *days])] == days


def test_a_day_of_many_batches_stays_one_day(lake: Lake) -> None:
    many = [transaction(connection_id=f"shop-{number:05d}") for number in range(60_000)]
    days = store(lake, *many, transaction(created_at=NOON + timedelta(days=1)))
    assert [day.rows for day in compute(lake, FEE_TOTALS, days)] == [60_000, 1]


def test_a_day_in_several_buckets_is_computed_as_one(tmp_path: Path) -> None:
    lake = Lake.open(str(tmp_path), buckets=2, source="sandbox")
    store(lake, transaction(connection_id="dune"))
    content = lake.storage.read(layout.transactions(DAY, 0)) or b""
    store(lake, transaction(connection_id="moss"))
    lake.storage.write(layout.transactions(DAY, 1), content)
    (day,) = compute(lake, FEE_TOTALS, [DAY])
    assert day.rows == 2


def test_a_folder_may_be_called_what_it_likes(tmp_path: Path) -> None:
    lake = Lake.open(str(tmp_path / "what! [a] date 2020-01-01 * lake's"), buckets=1, source="sandbox")
    compute(lake, FEE_TOTALS, store(lake, transaction()))
    assert [row["date"] for row in rows_of(lake, "fee_totals")] == [DAY]
    assert summary(lake).num_rows == 1


@pytest.mark.long
def test_an_object_store_gives_the_same_bytes(lake: Lake) -> None:
    store_ = Lake(ObjectStorage("memory:///"), buckets=1)
    days = [NOON + timedelta(days=number) for number in range(70)]  # more than are in memory together
    rows = [transaction(created_at=day, connection_id=shop, fee="0.10") for day in days for shop in ("dune", "moss")]
    for one in (lake, store_):
        for mart in MARTS.values():
            compute(one, mart, store(one, *rows))
    for mart in MARTS.values():
        for day in days:
            path = layout.mart(mart.name, day.date())
            assert lake.storage.read(path) == store_.storage.read(path) is not None
    assert summary(lake) == summary(store_)


def test_a_broken_file_is_named(lake: Lake) -> None:
    store(lake, transaction())
    lake.storage.write(layout.transactions(NEXT_DAY, 0), b"PAR1 but no more")
    with pytest.raises(LakeError, match="date=2026-10-31/bucket-00"):
        compute(lake, FEE_TOTALS, [DAY, NEXT_DAY])


def test_a_file_says_what_its_columns_mean_and_the_path_says_the_date(lake: Lake) -> None:
    compute(lake, FEE_TOTALS, store(lake, transaction()))
    schema = pq.read_schema(lake.storage.uri(layout.mart("fee_totals", DAY)))
    assert "date" not in schema.names
    assert b"may be negative" in schema.field("standalone_fees").metadata[b"description"].lower()
    assert read(lake, FEE_TOTALS).schema.equals(FEE_TOTALS.schema, check_metadata=True)


def test_the_summary_divides_sums_and_averages_no_ratio(lake: Lake) -> None:
    busy, quiet = NOON, datetime(2026, 10, 31, tzinfo=UTC)
    days = store(
        lake,
        transaction(amount="900.00", fee="9.00", created_at=busy),
        transaction(amount="100.00", fee="5.00", created_at=quiet),
        transaction(amount="50.00", type="refund", created_at=quiet),
        transaction(amount="20.00", connection_id="dune", platform_type="chargeback"),
    )
    for mart in MARTS.values():
        compute(lake, mart, days)
    dune, moss = summary(lake).to_pylist()
    assert (dune["gross_volume"], dune["all_in_fee_rate"], dune["refund_ratio_amount"]) == (Decimal(0), None, None)
    assert moss == {
        "connection_id": "moss",
        "platform": "WOO_COMMERCE",
        "iso_currency_code": "EUR",
        "sale_count": 2,
        "gross_volume": Decimal(1000),
        "fees_total": Decimal(14),
        "all_in_fee_rate": 0.014,
        "fee_coverage": 1.0,
        "refund_amount": Decimal(50),
        "refund_ratio_amount": 0.05,
    }
    assert summary(lake, [DAY]).to_pylist()[1]["refund_amount"] == 0

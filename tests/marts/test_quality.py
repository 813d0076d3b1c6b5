"""Checks that are seen to fail."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from rutter_assets.lake import layout, parquet
from rutter_assets.lake.lake import Lake
from rutter_assets.lake.tables import TRANSACTIONS, Table
from rutter_assets.marts.mart import MARTS, Mart, compute
from rutter_assets.marts.quality import Quality, conservation, quality, unclassified
from tests.marts.given import DAY, NOON, store, transaction

every_mart = pytest.mark.parametrize("mart", MARTS.values(), ids=lambda mart: mart.name)


def _change(lake: Lake, path: str, table: Table, change: Callable[[pa.Table], pa.Table]) -> None:
    rows = parquet.from_bytes(lake.storage.read(path) or b"", table, path)
    lake.storage.write(path, parquet.to_bytes(change(rows), table))


@pytest.fixture
def computed(lake: Lake) -> Lake:
    """A lake of two days with every kind of movement, and its marts."""
    kinds: list[dict[str, object]] = [
        {"fee": "0.30", "order_id": "o"},
        {"amount": None},
        {"type": "refund", "amount": "-4.00", "fee": "0.10"},
        {"type": "fee", "amount": "0.30", "order_id": "o"},
        {"type": "fee", "amount": "0.70"},
        {"type": "fee", "amount": "0.20", "description": "credit"},
        {"platform_type": "chargeback", "amount": "3.00"},
        {"platform_type": "chargeback", "description": "won", "amount": "2.00"},
        {"platform_type": "dispute inquiry"},
        {"platform_type": "authorization"},
        {"platform_data": '{"test": true}'},
        {"status": "pending"},
        {"type": "payout"},
        {"iso_currency_code": None},
        {"iso_currency_code": "JPY", "amount": "700"},
        {"iso_currency_code": "CHF", "status": "failure"},
    ]
    other_day = datetime(2026, 10, 29, tzinfo=UTC)
    days = store(
        lake, *(transaction(**kind) for kind in kinds), *(transaction(created_at=other_day, **kind) for kind in kinds)
    )
    for mart in MARTS.values():
        compute(lake, mart, days)
    return lake


@every_mart
def test_what_was_computed_is_conserved(computed: Lake, mart: Mart) -> None:
    found = conservation(computed, mart, [DAY, datetime(2026, 10, 29, tzinfo=UTC).date()])
    assert found.is_conserved
    assert found.differences == {}
    assert list(found.mart) == ["EUR", "JPY", "XXX"]
    assert found.mart["JPY"]["gross_volume"] == Decimal(1400)


@every_mart
def test_a_row_taken_from_a_mart_is_missed(computed: Lake, mart: Mart) -> None:
    _change(computed, layout.mart(mart.name, DAY), mart.table, lambda rows: rows.slice(1))
    found = conservation(computed, mart, [DAY])
    assert not found.is_conserved
    assert found.differences["EUR"]["gross_volume"] == Decimal("-10.00")


@every_mart
def test_a_mart_that_is_not_there_is_missed(computed: Lake, mart: Mart) -> None:
    computed.storage.delete(layout.mart(mart.name, DAY))
    assert not conservation(computed, mart, [DAY]).is_conserved


@every_mart
def test_a_transaction_taken_away_is_missed(computed: Lake, mart: Mart) -> None:
    def without_yen(rows: pa.Table) -> pa.Table:
        return rows.filter(pa.array([code != "JPY" for code in rows["iso_currency_code"].to_pylist()]))

    _change(computed, layout.transactions(DAY, 0), TRANSACTIONS, without_yen)
    found = conservation(computed, mart, [DAY])
    assert found.differences["JPY"]["gross_volume"] == Decimal(700)
    assert found.differences["JPY"]["sale_count"] == 1


@every_mart
def test_a_billionth_is_missed(computed: Lake, mart: Mart) -> None:
    def a_billionth_less(rows: pa.Table) -> pa.Table:
        amounts = [amount - Decimal("0.000000001") for amount in rows["gross_volume"].to_pylist()]
        number = rows.schema.get_field_index("gross_volume")
        return rows.set_column(number, rows.schema.field(number), pa.array(amounts, rows.schema.field(number).type))

    _change(computed, layout.mart(mart.name, DAY), mart.table, a_billionth_less)
    assert conservation(computed, mart, [DAY]).differences["JPY"] == {"gross_volume": Decimal("-0.000000001")}


@every_mart
def test_a_transaction_in_the_file_of_another_day_is_missed(lake: Lake, mart: Mart) -> None:
    days = store(lake, transaction(), transaction(created_at=datetime(2026, 10, 31, tzinfo=UTC)), day=DAY)
    compute(lake, mart, days)
    assert conservation(lake, mart, days).differences["EUR"]["sale_count"] == -1


def test_nothing_is_conserved_too(lake: Lake) -> None:
    assert conservation(lake, MARTS["fee_totals"], [DAY]).is_conserved


def test_the_transactions_of_a_day_are_looked_over_in_one_go(lake: Lake) -> None:
    first = transaction()
    other_day = datetime(2026, 10, 31, tzinfo=UTC)
    store(
        lake, first | {"created_at": other_day}, transaction(created_at=other_day, id=first["id"], connection_id="dune")
    )
    store(
        lake,
        first,
        first,
        transaction(created_at=other_day),
        transaction(iso_currency_code=None),
        transaction(iso_currency_code="EURO"),
        transaction(iso_currency_code="eur"),
        transaction(iso_currency_code=""),
        transaction(iso_currency_code="KWD"),
        transaction(iso_currency_code="HRK"),
        transaction(type="adjustment"),
        day=DAY,
    )
    assert quality(lake, [DAY, other_day.date()]) == Quality(
        row_count=12,
        duplicate_count=2,
        misplaced_count=1,
        null_currency_count=1,
        unknown_currency_count=3,
        unclassified_count=1,
    )


def test_the_share_of_unclassified_rows(lake: Lake) -> None:
    store(lake, transaction(type="adjustment"), *(transaction(created_at=NOON) for _ in range(3)))
    found = unclassified(lake, [DAY])
    assert (found.unclassified_count, found.row_count, found.share) == (1, 4, 0.25)


def test_of_no_rows_none_is_unclassified(lake: Lake) -> None:
    assert quality(lake, [DAY]) == Quality(0, 0, 0, 0, 0, 0)
    assert unclassified(lake, []).share == 0.0

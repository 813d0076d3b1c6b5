"""What a column is made of, seen by changing it: a small world in a thousand variants, each a merchant of its own."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import combinations
from typing import Any

import pytest

from rutter_assets.lake.lake import Lake
from rutter_assets.lake.tables import TRANSACTIONS
from rutter_assets.marts.catalogue import catalogue, entry_of
from rutter_assets.marts.mart import MARTS, compute, read
from tests.marts.given import store, stored_movements, transaction

FIRST = datetime(2026, 1, 5, 12, tzinfo=UTC)
KNOWN_ON = date(2026, 5, 1)
"""Of the cohorts of January, all is known; of those of February, not yet what came back within 90 days."""

Row = dict[str, Any]


def at(day: int, hour: int = 12) -> datetime:
    return FIRST.replace(hour=hour) + timedelta(days=day)


def world() -> list[Row]:
    """Sales of shared orders, refunds of every kind of link and of none, fees told twice, disputes, two currencies."""
    rows = [
        of(0, "a", amount="100.00", order_id="o1"),
        of(5, "b", amount="50.00", order_id="o1", fee="1.50"),
        of(5, "c", amount="30.00", order_id="o2", fee="3.00", status="refunded"),
        of(12, "d", amount="20.00", order_id=None),
        of(12, "unknown", amount=None, order_id=None),
        of(12, "small", amount="10.00", order_id=None, fee="0.40"),
        of(12, "dollars", amount="80.00", iso_currency_code="USD", order_id="o3"),
        of(0, "third", amount="4.00", order_id="o7"),
        of(6, "fourth", amount="4.00", order_id="o7"),
        of(40, "late", amount="60.00", order_id="o4", fee=None),
        of(2, "first", amount="6.00", order_id="o6", status="refunded"),
        of(7, "second", amount="6.00", order_id="o6", status="refunded"),
        of(7, "named", amount="8.00", order_id=None, status="refunded"),
        of(3, "of a", type="refund", amount="-40.00", order_id=None, platform_data='{"parent_id": "platform a"}'),
        of(9, "of o1", type="refund", amount="-30.00", order_id="o1", fee="0.20"),
        of(20, "of b", type="refund", amount="-45.00", order_id=None, platform_data='{"charge": "platform b"}'),
        of(13, "of d", type="refund", amount="-7.00", order_id=None, platform_data='{"sale_id": "d"}'),
        of(13, "of small", type="refund", amount="-13.00", order_id=None, platform_data='{"payment_id": "small"}'),
        of(8, "of o6", type="refund", amount="-6.00", order_id="o6"),
        of(9, "of named", type="refund", amount="-8.00", order_id=None, platform_data='{"sale_id": "named"}'),
        of(12, "at once", type="refund", amount="-1.00", order_id=None, platform_data='{"sale_id": "d"}'),
        of(16, "of o7", type="refund", amount="-10.00", order_id="o7"),
        of(45, "of nothing", type="refund", amount="-2.00", order_id=None),
        of(14, "of dollars", type="refund", amount="-9.00", iso_currency_code="USD", order_id="o3"),
        of(5, "twice", type="fee", amount="3.00", order_id="o2"),
        of(5, "fee", type="fee", amount="2.00", order_id="o2"),
        of(5, "credit", type="fee", amount="1.00", description="fee credit"),
        of(12, "lost", amount="-25.00", platform_type="chargeback"),
        of(12, "won", amount="11.00", platform_type="chargeback", description="Dispute won"),
        of(12, "held", amount="500.00", platform_type="authorization"),
        of(12, "paid out", type="payout", amount="-90.00"),
    ]
    return [row | {"is_provisional": False} for row in rows]


def of(day: int, name: str, **fields: Any) -> Row:
    return transaction(created_at=at(day), updated_at=at(day), id=name, platform_id=f"platform {name}", **fields)


VALUES: Mapping[str, tuple[Any, ...]] = {
    "platform": ("STRIPE",),
    "id": ("another", "platform a"),
    "platform_id": (None, "platform b", "d"),
    "order_id": (None, "o1", "o2", "o3"),
    "platform_customer_id": ("customer",),
    "payment_method_type": ("cash",),
    "status": ("success", "refunded", "pending", "failure", None),
    "type": ("sale", "refund", "fee", "void", "other"),
    "amount": (None, Decimal(0), Decimal(3), Decimal("77.7")),
    "fee": (None, Decimal("0.3"), Decimal(2)),
    "gateway": ("bank",),
    "gateway_data": ('{"test": true}',),
    "platform_type": (None, "payment", "authorization", "chargeback", "dispute won", "fee credit"),
    "description": (None, "A chargeback", "Dispute inquiry", "Dispute reversed", "Reimbursement"),
    "updated_at": (at(900),),
    "platform_data": (
        None, '{"test": true}', '{"kind": "authorization"}', '{"parent_id": "platform d"}', '{"kind": "dispute"}',
    ),
    "unknown_fields": ('{"type": "refund"}',),
    "is_provisional": (True,),
    "loaded_at": (at(901),),
}  # fmt: skip
"""What each column is changed to, a row at a time. Those by which rows are grouped change for all rows alike, below."""


@dataclass(frozen=True)
class Variant:
    """The world with one column of `transactions` changed, and where a group of its rows then is."""

    source: str
    rows: list[Row]
    days: dict[date, date] = field(default_factory=dict)
    currencies: dict[str, str] = field(default_factory=dict)

    def moved(self, day: date, currency: str) -> tuple[date, str]:
        return self.days.get(day, day), self.currencies.get(currency, currency)


def variants() -> Iterator[Variant]:
    base = world()
    for source, values in VALUES.items():
        for number, row in enumerate(base):
            for value in values:
                if row.get(source) != value:
                    yield Variant(source, [*base[:number], row | {source: value}, *base[number + 1 :]])
    others = {"EUR": "USD", "USD": "CHF"}
    yield Variant(
        "iso_currency_code",
        [row | {"iso_currency_code": others[row["iso_currency_code"]]} for row in base],
        currencies=others,
    )
    used = sorted({row["created_at"] for row in base})
    for one, other in [*combinations(used, 2), *((one, at(100)) for one in used)]:
        swapped = {one: other, other: one}
        moved = [row | {"created_at": swapped.get(row["created_at"], row["created_at"])} for row in base]
        yield Variant("created_at", moved, days={a.date(): b.date() for a, b in swapped.items()})
    for number, row in enumerate(base):
        for hour in (1, 23):
            changed = row | {"created_at": row["created_at"].replace(hour=hour)}
            yield Variant("created_at", [*base[:number], changed, *base[number + 1 :]])


@pytest.fixture(scope="module")
def told() -> list[Variant]:
    """The variants; the first is the world as it is, so is the last."""
    return [Variant("", world()), *variants(), Variant("connection_id", world())]


@pytest.fixture(scope="module")
def stored(told: list[Variant], tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Every variant as a merchant whose connection_id is its number, and the marts of them."""
    lake = Lake.open(str(tmp_path_factory.mktemp("lineage")), buckets=1, source="sandbox")
    days = store(lake, *(row | {"connection_id": str(n)} for n, variant in enumerate(told) for row in variant.rows))
    for mart in MARTS.values():
        compute(lake, mart, days, KNOWN_ON)
    return lake


def declared(table: str) -> dict[str, set[str]]:
    """Each column and the columns of transactions that it says it is made of."""
    return {
        column.name: {source.removeprefix("transactions.") for source in column.made_of}
        for column in entry_of(table).table.columns
    }


@pytest.mark.parametrize("mart", MARTS)
def test_a_mart_column_changes_with_the_columns_it_is_made_of_and_with_no_others(
    told: list[Variant], stored: Lake, mart: str
) -> None:
    found: dict[str, dict[tuple[date, str], Row]] = defaultdict(dict)
    for row in read(stored, MARTS[mart]).to_pylist():
        found[row["connection_id"]][row["date"], row["iso_currency_code"]] = row
    base = found["0"]
    seen: dict[str, set[str]] = {name: set() for name in declared(mart)}
    for number, variant in enumerate(told[1:], start=1):
        moved = {variant.moved(*key): row for key, row in base.items()}
        changed = found[str(number)]
        for key in moved.keys() | changed.keys():
            for name in _differing(moved.get(key), changed.get(key)):
                if name != "connection_id" or variant.source == name:
                    seen[name].add(variant.source)
    assert seen == declared(mart)


def test_a_column_of_movements_changes_with_the_columns_it_is_made_of_and_with_no_others(
    told: list[Variant], stored: Lake
) -> None:
    found = {(row["connection_id"], row["id"]): row for row in stored_movements(stored)}
    seen: dict[str, set[str]] = {name: set() for name in declared("movements")}
    for number, variant in enumerate(told[1:], start=1):
        for before, after in zip(told[0].rows, variant.rows, strict=True):
            for name in _differing(found["0", before["id"]], found[str(number), after["id"]]):
                if name != "connection_id" or variant.source == name:
                    seen[name].add(variant.source)
    assert seen == declared("movements")


def test_every_column_of_transactions_is_changed_in_some_variant(told: list[Variant]) -> None:
    assert {variant.source for variant in told[1:]} == set(TRANSACTIONS.schema.names)


def test_every_column_but_the_apis_own_says_what_it_is_made_of_and_that_exists() -> None:
    entries = {entry.name: entry for entry in catalogue()}
    columns = {f"{entry.name}.{column.name}" for entry in entries.values() for column in entry.table.columns}
    assert {entry.name for entry in entries.values() if entry.is_raw} == {"transactions", "connections"}
    for entry in entries.values():
        for column in entry.table.columns:
            assert columns >= set(column.made_of), column
            assert entry.is_raw or column.origin, f"{entry.name}.{column.name}"


def _differing(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> set[str]:
    """The columns in which two rows differ; one that is not there sums up to nothing, and has no key to differ by."""
    if before is None or after is None:
        there = before or after or {}
        return {name for name, value in there.items() if value and not isinstance(value, date | str)}
    return {name for name in before if before[name] != after[name]}

"""From typed transactions to Arrow: exact, or an error that names the transaction."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pydantic import SecretStr

from rutter_assets.errors import ContractError, Exchange
from rutter_assets.ingest.tabulate import tabulate
from rutter_assets.lake.tables import TRANSACTIONS
from rutter_assets.rutter.decode import Novelties, decode_page
from rutter_assets.rutter.types import Connection
from tests.conftest import row

READ_AT = datetime(2026, 11, 1, tzinfo=UTC)
CONNECTION = Connection("c1", SecretStr("token"), "SHOPIFY")


def table_of(*rows: Mapping[str, object] | str, novelties: Novelties | None = None) -> pa.Table:
    texts = [item if isinstance(item, str) else msgspec.json.encode(item).decode() for item in rows]
    body = f'{{"transactions":[{",".join(texts)}],"next_cursor":null}}'.encode()
    page = decode_page(body, Exchange("/transactions", 200, None, "request-7"), Novelties())
    return tabulate(page, CONNECTION, READ_AT, novelties or Novelties())


def with_amount(text: str, number: int = 1) -> str:
    return msgspec.json.encode(row(number, amount="@")).decode().replace('"@"', text)


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("12.34", "12.340000000"),
        ("1e-7", "0.000000100"),
        ("-26350.97", "-26350.970000000"),
        ("0", "0.000000000"),
        ("12345678901234567890123456789.123456789", "12345678901234567890123456789.123456789"),
        ('"12.34"', "12.340000000"),
    ],
)
def test_an_amount_is_exactly_its_json_text(text: str, stored: str) -> None:
    (value,) = table_of(with_amount(text))["amount"].to_pylist()
    assert value == Decimal(stored)
    assert value.as_tuple().exponent == -9


def test_a_tenth_and_two_tenths_sum_to_three_tenths() -> None:
    table = table_of(with_amount("0.1"), with_amount("0.2", 2))
    assert pc.sum(table["amount"]).as_py() == Decimal("0.3")


@pytest.mark.parametrize("text", ["0.1234567891", "123456789012345678901234567890", "1e400"])
def test_a_number_that_does_not_fit_names_its_transaction_and_request(text: str) -> None:
    with pytest.raises(ContractError, match=r"transaction-0002 has a value of amount .*request-7"):
        table_of(with_amount("1"), with_amount(text, 2))


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-01-02T03:04:05.678Z", datetime(2026, 1, 2, 3, 4, 5, 678_000, UTC)),
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, 0, UTC)),
        ("2026-01-02T03:04:05.123456Z", datetime(2026, 1, 2, 3, 4, 5, 123_456, UTC)),
        ("2026-01-02T03:04:05+02:00", datetime(2026, 1, 2, 1, 4, 5, 0, UTC)),
    ],
)
def test_an_instant_is_stored_in_utc(text: str, instant: datetime) -> None:
    assert table_of(row(1, text))["created_at"].to_pylist() == [instant]


@pytest.mark.parametrize("text", ["2026-01-02T03:04:05", "yesterday", ""])
def test_a_time_without_its_offset_names_its_transaction(text: str) -> None:
    with pytest.raises(ContractError, match="transaction-0001 has a value of created_at"):
        table_of(row(1, text))


def test_free_form_data_stays_the_text_that_was_sent() -> None:
    sent = '{"b": 1,  "a":\\u0020[1.10, null]}'.replace("\\u0020", " ")
    text = msgspec.json.encode(row(1)).decode()[:-1] + f',"platform_data":{sent},"gateway_data":"12"}}'
    table = table_of(text, row(2))
    assert table["platform_data"].to_pylist() == [sent, None]
    assert table["gateway_data"].to_pylist() == ['"12"', None]


def test_unknown_fields_and_enum_values_are_kept_and_noted() -> None:
    novelties = Novelties()
    table = table_of(row(1, tax=7), row(2, type="tip"), novelties=novelties)
    assert table["unknown_fields"].to_pylist() == ['{"tax":7}', None]
    assert table["type"].to_pylist() == ["sale", "tip"]
    assert novelties.values == {"transaction.type": {"tip"}}


def test_an_absent_or_null_optional_field_is_null() -> None:
    bare = {"id": "t", "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"}
    nulls = bare | dict.fromkeys(("amount", "fee", "status", "type", "order_id", "platform_data"))
    for table in (table_of(bare), table_of(nulls)):
        (stored,) = table.to_pylist()
        known = {"connection_id", "platform", "is_provisional", "loaded_at"} | bare.keys()
        assert all(value is None for name, value in stored.items() if name not in known)


def test_every_table_has_the_schema_of_the_lake() -> None:
    assert table_of(row(1)).schema.equals(TRANSACTIONS.schema)
    assert table_of().schema.equals(TRANSACTIONS.schema)

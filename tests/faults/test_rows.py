"""Rows of another type: kept exactly where nothing is guessed, else left out with their day, and with nothing else."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from rutter_assets.lake.lake import Lake
from rutter_assets.rutter.window import Window, unix_ms
from rutter_assets.sandbox import Merchant, faults, given_row
from rutter_assets.sandbox.faults import ABSENT
from tests.cli.command import pointed_at, run
from tests.conftest import NOW, ServeWorld, row
from tests.faults.conftest import NEIGHBOUR, ROWS, SHOP, assert_true, faulty, of_shop, read, stored, update

FIFTH = "transaction-0005"
ITS_DAY = Window.of_days(date(2026, 10, 15), date(2026, 10, 15))


SAME: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"amount": "12.34", "fee": "-0.10"}, {"amount": Decimal("12.34"), "fee": Decimal("-0.10")}),
    ({"amount": Decimal("0.123456789")}, {"amount": Decimal("0.123456789")}),
    ({"amount": None, "iso_currency_code": None, "type": None}, {"amount": None, "type": None}),
    ({"fee": ABSENT, "amount": ABSENT}, {"fee": None, "amount": None}),
    ({"created_at": "2026-10-15T10:00:00Z"}, {"created_at": datetime(2026, 10, 15, 10, tzinfo=UTC)}),
    ({"created_at": "2026-10-16T01:30:00+05:30"}, {"created_at": datetime(2026, 10, 15, 20, tzinfo=UTC)}),
    ({"updated_at": "2026-10-15T10:00:00.123456Z"}, {"updated_at": datetime(2026, 10, 15, 10, 0, 0, 123456, UTC)}),
]


@pytest.mark.parametrize(("fields", "kept"), SAME, ids=[", ".join(fields) for fields, _ in SAME])
def test_what_says_the_same_in_another_form_is_kept_exactly(
    serve: ServeWorld, lake: Lake, fields: dict[str, Any], kept: dict[str, Any]
) -> None:
    report = read(faulty(serve, faults.row_changed(FIFTH, **fields).on(after=1)), lake)
    assert of_shop(report).kind == "synced"
    found = stored(lake)[(SHOP.id, FIFTH)]
    assert {name: found[name] for name in kept} == kept


def test_unknown_enum_values_and_fields_are_kept_and_told_once(serve: ServeWorld, lake: Lake) -> None:
    odd = faults.row_changed(FIFTH, type="tip", status="settled", payment_method_type="shell", tax=Decimal("1.10"))
    report = read(faulty(serve, odd.on(after=1)), lake)
    assert report.novelties == [
        "The API sent fields that its contract does not name: transaction.tax.",
        "The API sent values of transaction.payment_method_type that its contract does not name: shell.",
        "The API sent values of transaction.status that its contract does not name: settled.",
        "The API sent values of transaction.type that its contract does not name: tip.",
    ]
    found = stored(lake)[(SHOP.id, FIFTH)]
    assert (found["type"], found["status"], found["payment_method_type"]) == ("tip", "settled", "shell")
    assert found["unknown_fields"] == '{"tax":1.10}'


def test_what_is_new_is_told_in_a_line_however_much_of_it_there_is(serve: ServeWorld, lake: Lake) -> None:
    odd = {f"field-{n}-{'x' * 200}\n": n for n in range(300)}
    rows = [one | {"type": f"type {n}"} for n, one in enumerate(ROWS * 20)]
    sandbox = faulty(
        serve,
        faults.of_another_shape(
            {"transactions": [one | odd | {"id": str(n)} for n, one in enumerate(rows)], "next_cursor": None}
        ),
    )
    fields, types = read(sandbox, lake).novelties
    assert fields.endswith(" and 80 more.")
    assert types.startswith("The API sent values of transaction.type that its contract does not name: type 0, type 1, ")
    assert types.endswith(" and 80 more.")
    assert max(map(len, (fields, types))) < 2500
    assert fields.isprintable()
    assert len(stored(lake)) == len(rows) + 2


def test_an_id_of_any_length_is_told_in_a_line(serve: ServeWorld, lake: Lake) -> None:
    sandbox = faulty(serve, faults.row_changed(FIFTH, id="an\nid " + "x" * 10_000, amount="NaN").lasting())
    message = of_shop(read(sandbox, lake)).message
    assert message.startswith("Transaction an\N{REPLACEMENT CHARACTER}id xxx")
    assert len(message) < 500


POISON: list[tuple[dict[str, Any], str]] = [
    ({"amount": Decimal("1.123456789012")}, "has a value of amount that decimal128(38, 9) cannot hold exactly."),
    ({"fee": Decimal("1E+30")}, "has a value of fee that decimal128(38, 9) cannot hold exactly."),
    ({"amount": "NaN"}, "has a value of amount that decimal128(38, 9) cannot hold exactly."),
    ({"amount": "1,234.50"}, "is not what the API's contract says: Invalid decimal string - at `$.amount`."),
    ({"created_at": None}, "is not what the API's contract says: Expected `str`, got `null` - at `$.created_at`."),
    ({"updated_at": ABSENT}, "is not what the API's contract says: Object missing required field `updated_at`."),
    ({"type": 7}, "is not what the API's contract says: Expected `str | null`, got `int` - at `$.type`."),
    (
        {"created_at": "2026-10-15T10:00:00"},
        "has a value of created_at that timestamp[us, tz=UTC] cannot hold exactly.",
    ),
]


@pytest.mark.parametrize(("fields", "said"), POISON, ids=[", ".join(fields) for fields, _ in POISON])
def test_a_row_that_cannot_be_stored_keeps_its_own_day_out_and_nothing_else(
    serve: ServeWorld, lake: Lake, fields: dict[str, Any], said: str
) -> None:
    sandbox = faulty(serve, faults.row_changed(FIFTH, **fields).lasting())
    message = of_shop(read(sandbox, lake)).message
    assert message.startswith(f"Transaction {FIFTH} {said} (GET /transactions: HTTP 200, request sandbox-")
    assert message.endswith(
        " Report it to Rutter; until it is mended, everything is read but 2026-10-15T00:00:00Z..2026-10-16T00:00:00Z."
    )
    assert_true(lake, sandbox, but=(FIFTH,))


def test_a_row_without_an_id_is_told_by_its_place(serve: ServeWorld, lake: Lake) -> None:
    sandbox = faulty(serve, faults.row_changed(FIFTH, id=None).lasting())
    assert of_shop(read(sandbox, lake)).message.startswith("Transaction number 1 of a page is not what the API's cont")
    assert_true(lake, sandbox, but=(FIFTH,))


def test_the_next_read_asks_for_the_day_that_was_left_out_and_heals(serve: ServeWorld, lake: Lake) -> None:
    read(faulty(serve, faults.row_changed(FIFTH, created_at=None).lasting()), lake)
    mended = faulty(serve)
    assert of_shop(read(mended, lake)).message == "1 transactions read."
    asked = [r.params for r in mended.requests if r.connection_id == SHOP.id and r.path == "/transactions"]
    bounds = [(int(params["created_at_min"]), int(params["created_at_max"])) for params in asked]
    assert (unix_ms(ITS_DAY.start), unix_ms(ITS_DAY.end)) in bounds
    assert all(start >= unix_ms(NOW) for start, _ in bounds if start != unix_ms(ITS_DAY.start))
    assert_true(lake, mended)


def test_a_stored_day_stays_whole_while_a_row_of_it_is_broken(serve: ServeWorld, lake: Lake) -> None:
    twin = row(55, "2026-10-15T11:00:00.000Z")
    shop = Merchant.of([*ROWS, twin], name=SHOP.name)
    read(faulty(serve, merchants=(shop, NEIGHBOUR)), lake)
    before = stored(lake)
    lake.forget(shop.id, shop.platform)
    broken = faulty(serve, faults.row_changed(FIFTH, amount="NaN").lasting(), merchants=(shop, NEIGHBOUR))
    assert of_shop(read(broken, lake)).kind == "failed"
    assert stored(lake) == before


def test_rows_that_are_all_broken_cost_a_bounded_number_of_requests(serve: ServeWorld, lake: Lake) -> None:
    broken = faults.of_another_shape({"transactions": [ROWS[0] | {"updated_at": None}], "next_cursor": None})
    sandbox = faulty(serve, broken.lasting())
    message = of_shop(read(sandbox, lake)).message
    assert message.endswith(" more.")
    assert sum(r.connection_id == SHOP.id for r in sandbox.requests) <= 1 + 2 * 40 + 1
    assert {key[0] for key in stored(lake)} == {NEIGHBOUR.id}


def test_an_update_that_cannot_be_stored_holds_the_watermark_and_not_the_other_updates(
    serve: ServeWorld, lake: Lake
) -> None:
    changes = [
        ROWS[n] | {"amount": 90 + n, "updated_at": (NOW + timedelta(minutes=40 * n)).isoformat(timespec="milliseconds")}
        for n in (1, 4, 6)
    ]
    shop = Merchant.of([given_row(one) for one in (*ROWS, *changes)], name=SHOP.name)
    sandbox = faulty(serve, merchants=(shop, NEIGHBOUR))
    read(sandbox, lake)
    sandbox.clock.advance(timedelta(hours=6))
    broken = faults.row_changed(FIFTH, amount="NaN").lasting()
    poisoned = faulty(serve, broken, merchants=(shop, NEIGHBOUR))
    poisoned.clock.advance(timedelta(hours=6))
    message = of_shop(update(poisoned, lake)).message
    assert message.endswith(" everything is read but 2026-11-01T14:00:00Z..2026-11-01T15:00:00Z.")
    amounts = {key[1]: item["amount"] for key, item in stored(lake).items() if key[0] == shop.id}
    assert {amounts[f"transaction-{n + 1:04d}"] for n in (1, 4, 6)} == {91, 5, 96}
    ledger = lake.ledger(shop.id)
    assert ledger is not None
    assert ledger.watermark == NOW
    update(sandbox, lake)
    assert_true(lake, sandbox)


def test_the_command_names_the_transaction_and_the_exit_code_is_1(serve: ServeWorld, tmp_path: Any) -> None:
    sandbox = faulty(serve, faults.row_changed(FIFTH, amount=Decimal("1.123456789012")).lasting())
    result = run("sync", env=pointed_at(sandbox, tmp_path / "lake", start="2026-10-01"))
    assert result.exit_code == 1
    assert f"Transaction {FIFTH} has a value of amount" in result.stdout
    assert "1 of 2 connections failed, the others are on disk" in result.stderr

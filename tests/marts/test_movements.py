"""Section 1 of docs/metrics.md, rule by rule."""

from datetime import UTC, datetime

import pytest

from rutter_assets.lake.lake import Lake
from tests.marts.given import DAY, classes, movements, store, stored_movements, transaction


def test_type_and_status_decide(lake: Lake) -> None:
    cases = [
        ("sale", "success", "sale"),
        ("sale", "refunded", "sale"),
        ("sale", "pending", "sale_pending"),
        ("sale", "failure", "sale_failed"),
        ("sale", "cancelled", "sale_cancelled"),
        ("refund", "success", "refund"),
        ("refund", "refunded", "refund"),
        ("refund", "pending", "refund_pending"),
        ("refund", "failure", "refund_failed"),
        ("refund", "cancelled", "refund_failed"),
        ("payout", "pending", "payout"),
        ("fee", "success", "fee"),
        ("void", "success", "void"),
    ]
    rows = [transaction(type=type_, status=status) for type_, status, _ in cases]
    assert classes(lake, *rows) == [expected for *_, expected in cases]


def test_a_value_that_no_rule_names_is_unclassified_and_not_counted(lake: Lake) -> None:
    strange: list[dict[str, object]] = [
        {"type": "adjustment"},
        {"type": "other"},
        {"type": None},
        {"type": "Sale"},
        {"status": "settled"},
        {"status": "other"},
        {"status": None},
        {"type": "refund", "status": "SUCCESS"},
    ]
    found = movements(lake, *(transaction(**fields) for fields in strange))
    assert {(row["class"], row["is_counted"]) for row in found} == {("unclassified", False)}


def test_an_authorization_moves_no_money_even_if_it_says_it_is_a_sale_that_succeeded(lake: Lake) -> None:
    kinds = ["authorization", "emv_authorization", "suggested_refund", "change"]
    by_type = [transaction(platform_type=kind.upper()) for kind in kinds]
    by_kind = [transaction(platform_data=f'{{"kind": "{kind}"}}') for kind in kinds]
    found = movements(lake, *by_type, *by_kind)
    assert {(row["class"], row["is_counted"]) for row in found} == {("authorization", False)}


def test_the_platforms_kind_goes_before_its_type(lake: Lake) -> None:
    row = transaction(platform_type="authorization", platform_data='{"kind": "Capture"}')
    (found,) = movements(lake, row)
    assert (found["class"], found["raw_kind"]) == ("sale", "capture")


def test_without_a_text_field_kind_the_type_is_the_raw_kind(lake: Lake) -> None:
    data = [None, "null", '"capture"', "17", '["kind"]', "{}", '{"kind": null}', '{"kind": 3}', '{"kind": {}}']
    found = movements(lake, *(transaction(platform_type="Payment", platform_data=text) for text in data))
    assert {(row["class"], row["raw_kind"]) for row in found} == {("sale", "payment")}


def test_text_that_is_no_json_says_nothing(lake: Lake) -> None:
    fine = transaction(platform_data='{"kind": "capture"}')
    broken = transaction(platform_data='{"kind": "authorization", "test": true')
    assert [row["raw_kind"] for row in movements(lake, fine, broken)] == ["capture", "payment"]


def test_an_escaped_kind_is_read_as_json_means_it(lake: Lake) -> None:
    assert classes(lake, transaction(platform_data='{"kind": "\\u0061uthorization"}')) == ["authorization"]


def test_only_the_value_true_marks_a_test(lake: Lake) -> None:
    cases = {
        '{"test": true}': "test",
        '{"test": false}': "sale",
        '{"test": "true"}': "sale",
        '{"test": 1}': "sale",
        '{"test": null}': "sale",
        '{"order": {"test": true}}': "sale",
        "true": "sale",
    }
    assert classes(lake, *(transaction(platform_data=text) for text in cases)) == list(cases.values())


def test_words_tell_chargebacks_their_reversals_and_inquiries_apart(lake: Lake) -> None:
    cases: list[tuple[dict[str, object], str]] = [
        ({"platform_type": "chargeback"}, "chargeback"),
        ({"platform_type": "CHARGEBACK_DEBIT"}, "chargeback"),
        ({"description": "Disputed by the bank"}, "chargeback"),
        ({"platform_data": '{"kind": "dispute"}'}, "chargeback"),
        ({"platform_type": "dispute_won"}, "chargeback_reversal"),
        ({"description": "Dispute won"}, "chargeback_reversal"),
        ({"platform_type": "dispute", "description": "won"}, "chargeback_reversal"),
        ({"platform_type": "chargeback_reversal"}, "chargeback_reversal"),
        ({"platform_type": "chargeback-reversed"}, "chargeback_reversal"),
        ({"platform_type": "dispute", "description": "A wonder"}, "chargeback"),
        ({"platform_type": "dispute", "description": "éwon"}, "chargeback"),
        ({"platform_type": "dispute", "description": "won2"}, "chargeback"),
        ({"platform_type": "dispute_inquiry"}, "inquiry"),
        ({"description": "Dispute: warning"}, "inquiry"),
        ({"platform_type": "dispute", "description": "forewarning"}, "chargeback"),
        ({"description": "Inquiry won after a dispute"}, "chargeback_reversal"),
        ({"description": "We won a customer"}, "sale"),
    ]
    assert classes(lake, *(transaction(**fields) for fields, _ in cases)) == [expected for _, expected in cases]


def test_the_first_rule_that_matches_wins(lake: Lake) -> None:
    everything = {
        "platform_data": '{"test": true, "kind": "authorization"}',
        "description": "chargeback",
        "type": "payout",
    }
    no_test = everything | {"platform_data": '{"kind": "authorization"}'}
    no_dispute = no_test | {"description": None}
    assert classes(
        lake,
        transaction(**everything),
        transaction(**no_test),
        transaction(**no_dispute),
        transaction(**no_dispute | {"type": "fee"}),
        transaction(**no_dispute | {"type": "void"}),
        transaction(**no_dispute | {"type": "refund"}),
        transaction(**no_dispute | {"type": "refund", "platform_data": None}),
    ) == ["test", "chargeback", "payout", "fee", "void", "authorization", "refund"]


@pytest.mark.parametrize("fields", [{"type": "fee"}, {"platform_type": "dispute"}, {"platform_type": "dispute won"}])
def test_what_is_classified_without_its_status_counts_unless_it_did_not_happen(
    lake: Lake, fields: dict[str, object]
) -> None:
    statuses = ["success", "refunded", "other", "newer", None, "pending", "failure", "cancelled"]
    found = movements(lake, *(transaction(status=status, **fields) for status in statuses))
    assert len({row["class"] for row in found}) == 1
    assert [row["is_counted"] for row in found] == [True] * 5 + [False] * 3


def test_a_fee_credit_is_a_fee_row_with_a_word_that_says_so(lake: Lake) -> None:
    cases: list[tuple[dict[str, object], bool]] = [
        ({"platform_type": "fee_credit"}, True),
        ({"description": "Referral fee refund"}, True),
        ({"description": "Reimbursement"}, True),
        ({"platform_data": '{"kind": "fee-reversal"}'}, True),
        ({"description": "Accreditation"}, False),
        ({"description": "Refunded order"}, False),
        ({"type": "sale", "description": "credit"}, False),
    ]
    found = movements(lake, *(transaction(**{"type": "fee"} | fields) for fields, _ in cases))
    assert [row["is_fee_credit"] for row in found] == [expected for _, expected in cases]


def test_money_is_absolute_and_exact_to_the_last_of_38_digits(lake: Lake) -> None:
    largest = "99999999999999999999999999999.999999999"
    rows = [transaction(amount=f"-{largest}", fee="-0.000000001"), transaction(amount=None, fee=None)]
    found = movements(lake, *rows)
    assert [(row["money"] and str(row["money"]), row["fee"] and f"{row['fee']:f}") for row in found] == [
        (largest, "0.000000001"),
        (None, None),
    ]


def test_a_currency_that_is_not_told_becomes_xxx(lake: Lake) -> None:
    (found,) = movements(lake, transaction(iso_currency_code=None))
    assert found["iso_currency_code"] == "XXX"


def test_the_day_is_the_utc_date_from_the_first_to_the_last_microsecond(lake: Lake) -> None:
    first = datetime(2026, 10, 30, tzinfo=UTC)
    last = datetime(2026, 10, 30, 23, 59, 59, 999_999, tzinfo=UTC)
    found = movements(lake, transaction(created_at=first), transaction(created_at=last))
    assert [str(row["date"]) for row in found] == ["2026-10-30"] * 2


def test_a_row_in_another_days_file_belongs_to_no_day(lake: Lake) -> None:
    right = transaction()
    store(lake, right, transaction(created_at=datetime(2026, 10, 31, tzinfo=UTC)), day=DAY)
    assert [row["id"] for row in stored_movements(lake)] == [right["id"]]

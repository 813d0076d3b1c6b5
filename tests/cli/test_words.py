"""Figures as a person reads them: exact, and in the digits of their currency."""

from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from rich.console import Console

from rutter_assets.cli import words


@pytest.mark.parametrize(
    ("value", "iso_currency_code", "text"),
    [
        ("1234.500000000", "EUR", "1,234.50"),
        ("1234.000000000", "JPY", "1,234"),
        ("0.100000000", "KWD", "0.100"),
        ("-7.250000000", "USD", "-7.25"),
        ("0E-9", "USD", "0.00"),
        ("12.340000000", "XXX", "12.34"),
        ("12.340000000", "not a code", "12.34"),
    ],
)
def test_an_amount_has_the_digits_its_currency_is_written_with(value: str, iso_currency_code: str, text: str) -> None:
    assert words.money(Decimal(value), iso_currency_code) == text


def test_an_amount_that_has_more_digits_than_its_currency_keeps_them() -> None:
    assert words.money(Decimal("12345678901234567890123456789.123456789"), "USD") == (
        "12,345,678,901,234,567,890,123,456,789.123456789"
    )


def test_a_ratio_without_a_denominator_is_a_dash() -> None:
    assert words.percent(None) == "-"
    assert words.percent(0.0437) == "4.37 %"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-1, "0 s"), (119, "119 s"), (120, "2 min"), (7_199, "119 min"), (7_200, "2 h"), (180_000, "2 d")],
)
def test_a_duration_is_told_in_a_unit_of_which_it_holds_two(seconds: int, text: str) -> None:
    assert words.duration(timedelta(seconds=seconds)) == text


def test_a_merchant_s_name_cannot_command_the_terminal() -> None:
    assert words.printable("Caf\u00e9 \x1b[31mred\u202e") == "Caf\u00e9 ?[31mred?"


def test_a_table_where_nobody_looks_is_as_wide_as_it_needs_to_be() -> None:
    console = Console(file=StringIO(), width=20)
    table = words.table("NAME", "AMOUNT", figures=("AMOUNT",))
    table.add_row("a name of many words that goes on", "12,345,678.90")
    words.put(console, table)
    assert isinstance(console.file, StringIO)
    assert console.file.getvalue().splitlines()[1] == "a name of many words that goes on  12,345,678.90"

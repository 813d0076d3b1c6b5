"""How figures and names are written for a person: money exactly, ratios in percent, names harmlessly."""

from decimal import Decimal

from iso4217 import Currency

UNKNOWN = "unknown"


def money(value: Decimal, iso_currency_code: str) -> str:
    """The amount with the digits its currency is written with, and with more where it has more: never rounded."""
    digits = len(f"{value:f}".partition(".")[2].rstrip("0"))  # `normalize` would round to 28 digits
    return f"{value:,.{max(digits, minor_digits(iso_currency_code))}f}"


def percent(ratio: float | None, untold: str = "-") -> str:
    """The ratio in percent with two digits; null, which is no ratio, as `untold`."""
    return untold if ratio is None else f"{ratio * 100:.2f} %"


def printable(name: str) -> str:
    """A merchant's own words, without what a terminal would take as a command or a page as a change of direction."""
    return "".join(character if character.isprintable() else "?" for character in name)


def minor_digits(iso_currency_code: str) -> int:
    """How many digits the currency is written with after the point; 0 for a code that is none."""
    try:
        return Currency(iso_currency_code).exponent or 0
    except ValueError:
        return 0

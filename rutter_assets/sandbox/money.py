"""Money as integers of minor units, written as exact JSON numbers. No float ever touches an amount."""

__all__ = ["EXPONENTS", "amount_text"]

EXPONENTS = {"USD": 2, "EUR": 2, "GBP": 2, "CAD": 2, "JPY": 0, "KWD": 3}
"""Digits after the point by ISO 4217 code, for the currencies of the demo."""


def amount_text(minor_units: int, exponent: int) -> str:
    """The JSON number of an amount in major units: 1250 with exponent 2 gives `12.5`.

    Trailing zeros are left out, as in the API's own examples (`12.34`, `1`), which come from a JavaScript server.
    """
    sign = "-" if minor_units < 0 else ""
    if exponent == 0:
        return f"{minor_units}"
    whole, part = divmod(abs(minor_units), 10**exponent)
    fraction = f"{part:0{exponent}}".rstrip("0")
    return f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}"

"""How values are written for a person: money exactly, ratios in percent, times by their length, names harmlessly."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from iso4217 import Currency
from rich.console import Console
from rich.table import Table

NONE = "-"


def money(value: Decimal, iso_currency_code: str) -> str:
    """The amount with the digits its currency is written with, and with more where it has more: never rounded."""
    digits = len(f"{value:f}".partition(".")[2].rstrip("0"))  # `normalize` would round to 28 digits
    return f"{value:,.{max(digits, _minor_digits(iso_currency_code))}f}"


def percent(ratio: float | None) -> str:
    """The ratio in percent with two digits; null, which is no ratio, as a dash."""
    return NONE if ratio is None else f"{ratio * 100:.2f} %"


def counted(number: int, one: str, many: str) -> str:
    """The number and its noun."""
    return f"{number:,} {one if number == 1 else many}"


def duration(length: timedelta) -> str:
    """The length in the largest unit of which it holds at least two, such as `3 h`."""
    seconds = max(0, int(length.total_seconds()))
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def printable(name: str) -> str:
    """A merchant's own words, without what a terminal would take as a command."""
    return "".join(character if character.isprintable() else "?" for character in name)


def console() -> Console:
    """The standard output, where text is only text: no markup, no guesses at what to colour."""
    return Console(markup=False, emoji=False, highlight=False)


def table(*columns: str, figures: Sequence[str] = ()) -> Table:
    """A table of these columns; those of `figures` stand to the right, and their digits are wrapped, never cut off."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        is_figure = column in figures
        made.add_column(column, justify="right" if is_figure else "left", overflow="fold", no_wrap=is_figure)
    return made


def put(to: Console, made: Table) -> None:
    """Print a table: within the width of a terminal, or as wide as it is where nobody looks."""
    if to.is_terminal:
        to.print(made)
        return
    unbounded = Console(markup=False, emoji=False, highlight=False, width=10_000, no_color=True)
    with unbounded.capture() as captured:
        unbounded.print(made)
    for line in captured.get().splitlines():
        to.print(line.rstrip(), soft_wrap=True)


def _minor_digits(iso_currency_code: str) -> int:
    try:
        return Currency(iso_currency_code).exponent or 0
    except ValueError:
        return 0

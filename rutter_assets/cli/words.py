"""How values are written on a console: money, ratios and names as in the report, times by their length."""

from collections.abc import Sequence
from datetime import timedelta

from rich.console import Console
from rich.table import Table

from rutter_assets.report.words import money, percent, printable

__all__ = ["NONE", "console", "counted", "duration", "money", "percent", "printable", "put", "table"]

NONE = "-"


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

"""`rutter-assets tables`: every table and column, as the page `docs/tables.md`."""

from collections.abc import Iterable, Iterator
from typing import Final

import pyarrow as pa

from rutter_assets.lake.tables import INSTANT, MONEY, Column
from rutter_assets.marts.catalogue import Entry, catalogue

_HEAD: Final = """\
# The tables

Made by `rutter-assets tables > docs/tables.md` from the declarations in `rutter_assets/lake/tables.py` and
`rutter_assets/marts/tables/`. From the same come the Arrow schemas, the columns in Dagster and the comments in
`rutter.duckdb`. What the figures mean: [metrics.md](metrics.md). The column `date` is in a file's path, not in it.
Made of: the columns whose values a column is computed from, and what else decides it. What merely tells the rows of a
group apart is not repeated at each column.
"""

_TYPES: Final = {
    MONEY: "decimal(38, 9), major units",
    INSTANT: "timestamp, UTC",
    pa.date32(): "date, UTC",
    pa.string(): "text",
    pa.bool_(): "boolean",
    pa.int64(): "integer",
    pa.float64(): "double",
}


def run() -> None:
    """Print the page."""
    print(page(), end="")


def page() -> str:
    """The page as Markdown."""
    return "\n".join([_HEAD, *("\n".join(_section(entry)) for entry in catalogue())])


def _section(entry: Entry) -> Iterator[str]:
    kind = "view" if entry.is_view else "table"
    places = [f"`{entry.files}`"] if entry.files else []
    yield f"## {entry.name}"
    yield ""
    yield f"One row per {entry.table.one_row_per}."
    yield f"Unique: {', '.join(f'`{name}`' for name in entry.table.grain)}."
    yield f"Where: {', '.join([*places, f'{kind} `{entry.name}` of `rutter.duckdb`'])}."
    if entry.note:
        yield entry.note
    yield ""
    heads = ["column", "type", "null", "what it says", *([] if entry.is_raw else ["made of"])]
    yield _line(heads)
    yield f"|{'---|' * len(heads)}"
    for column in entry.table.columns:
        yield _line(_cells(column)[: len(heads)])
    yield ""


def _cells(column: Column) -> tuple[str, ...]:
    kind, null = _TYPES.get(column.type, column.type), "may be" if column.nullable else "never"
    return f"`{column.name}`", str(kind), null, column.description.replace("|", "\\|"), column.origin or ""


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"

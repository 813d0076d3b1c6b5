"""How tables are shown in Dagster: the schema of a lake's table, and rows as a table or as text with links."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dagster as dg

from rutter_assets.defs.keys import key_of
from rutter_assets.lake.tables import Column, Table


def schema_of(table: Table) -> dg.TableSchema:
    """The columns of a table: types, descriptions with what each is made of, and what holds for every row."""
    rules = [f"unique: {', '.join(table.grain)}"] if len(table.grain) > 1 else []
    if table.one_row_per:
        rules.append(f"one row per {table.one_row_per}")
    return dg.TableSchema(
        columns=[_column(column, is_unique=table.grain == (column.name,)) for column in table.columns],
        constraints=dg.TableConstraints(other=rules),
    )


def definition_metadata(table: Table, files: str) -> dict[str, Any]:
    """What is shown of a table before any of it is there; `files` is where they lie, as a glob."""
    return {
        "dagster/column_schema": schema_of(table),
        "files": dg.MetadataValue.path(files),
        "one_row_per": table.one_row_per,
    }


def lineage_metadata(table: Table) -> dict[str, Any]:
    """From which columns of which assets each column is made, for the materialization that the UI looks at: the last.

    About 20 kB, so a run over many days says it once. The open-source UI shows it as JSON alone; there a column's
    description says the same in words.
    """
    return {
        "dagster/column_lineage": dg.TableColumnLineage(
            {column.name: [_dep(source) for source in column.made_of] for column in table.columns if column.made_of}
        )
    }


def _column(column: Column, *, is_unique: bool) -> dg.TableColumn:
    origin = f" Made of {column.origin}." if column.origin else ""
    constraints = dg.TableColumnConstraints(nullable=column.nullable, unique=is_unique)
    return dg.TableColumn(column.name, str(column.type), f"{column.description}{origin}", constraints)


def _dep(source: str) -> dg.TableColumnDep:
    table, name = source.split(".")
    return dg.TableColumnDep(key_of(table), name)


def records(rows: Iterable[Mapping[str, str | int | float | bool | None]]) -> dg.TableMetadataValue | str:
    """The rows as a table; without rows, which Dagster refuses, a word that says so."""
    found = [dg.TableRecord(dict(row)) for row in rows]
    return dg.MetadataValue.table(found) if found else "none"


def markdown(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> dg.MarkdownMetadataValue:
    """The rows as a Markdown table; null is an empty cell, and no cell can break out of its column."""
    lines = [heads, ["---"] * len(heads), *rows]
    return dg.MetadataValue.md("\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines))


def link(url: str) -> str:
    """A Markdown link to follow; the text alone where it is not a plain https or http URL."""
    is_plain = url.startswith(("https://", "http://")) and not set(url) & set(" \t\n<>()|")
    return f"[open the link]({url})" if is_plain else url


def _cell(value: object) -> str:
    return "" if value is None else str(value).replace("|", "\\|").replace("\n", " ")

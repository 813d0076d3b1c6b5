"""Restatements: which figures of a mart became others, when that was known, and what they were before.

A figure that was published is never overwritten without a trace. What is computed for the first time is no restatement;
of that, `published` keeps when it was. `as_of` reads a mart back from both.
"""

from collections.abc import Mapping, Set
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from rutter_assets.lake import layout, parquet
from rutter_assets.lake.lake import Lake
from rutter_assets.lake.tables import Table
from rutter_assets.marts import engine
from rutter_assets.marts.tables import PUBLISHED, RESTATEMENTS

_TICK: Final = timedelta(microseconds=1)


def record(
    lake: Lake, mart: str, connection: duckdb.DuckDBPyConnection, run_id: str | None, unknown: Set[date]
) -> dict[date, int]:
    """Record what is `differing` in the engine; gives how many figures of which days are restated.

    To be called before a file is touched, by one process at a time. After a kill between the two, the figures are
    recorded and not yet on disk; the next computation records them no second time. Of the `unknown` days, whose file
    cannot be read, nothing is said: what their figures were is not known.
    """
    published = lake.rows_of(PUBLISHED, layout.published(mart))
    earlier = restatement_files(lake, mart)
    recorded = lake.rows_of(RESTATEMENTS, earlier[-1]) if earlier else RESTATEMENTS.schema.empty_table()
    known_at = datetime.now(UTC)
    if len(recorded):  # a clock that was set back does not turn the order in which things became known
        known_at = max(known_at, pc.max(recorded["known_at"]).as_py() + _TICK)
    said = {"mart": mart, "known_at": known_at, "run_id": run_id}

    is_told = pc.invert(pc.is_in(published["date"], pa.array(sorted(unknown), pa.date32())))
    connection.from_arrow(published.filter(is_told).select(["date"])).create("published")
    connection.from_arrow(recorded).create("recorded")
    found = connection.sql(engine.sql("restatements")).to_arrow_table()
    if len(found):
        _add(lake, RESTATEMENTS, layout.restatements(mart, known_at.date()), found, said)

    days = connection.table("computed").project("date").distinct().to_arrow_table()
    first = days.filter(pc.invert(pc.is_in(days["date"], published["date"].combine_chunks())))
    if len(first):
        _add(lake, PUBLISHED, layout.published(mart), first, said)
    return {count["values"]: count["counts"] for count in found["date"].value_counts().to_pylist()}


def restatement_files(lake: Lake, mart: str | None = None) -> list[str]:
    """The paths of the restatements, of all marts or of one, in the order of the days on which they became known."""
    wanted = "" if mart is None else f"/{mart}.parquet"
    paths = lake.storage.paths(layout.RESTATEMENTS)
    return [path for path in paths if "/known_on=" in path and path.endswith(wanted)]


def _add(lake: Lake, table: Table, path: str, rows: pa.Table, said: Mapping[str, Any]) -> None:
    """Append rows to the file, with the same `said` of each."""
    for name, value in said.items():
        kind = table.schema.field(name).type
        rows = rows.append_column(name, pa.repeat(pa.scalar(value, kind), len(rows)))
    new = rows.select(table.schema.names).cast(table.schema)
    lake.storage.write(path, parquet.to_bytes(pa.concat_tables([lake.rows_of(table, path), new]), table))

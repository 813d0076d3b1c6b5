"""What a mart's figures were made of the last time, kept so that the next time reads only what changed since.

`<mart>_parts.sql` makes parts of movements, and `<mart>.sql` adds them up. A part without an id is of its day
alone; one with an id depends on whatever shares a name or an order with its movement, on any day. So a DuckDB file
of the mart's own keeps the transaction `files` that were read (size, time and inode tell when one is another), the
`parts`, and, where parts have ids, the `rows`: what each sale and refund is called, and says, as hashes. The next
time, the days whose files are others are read. From the rows that differ, names and orders lead to every row that
they may meet; those are read again wherever they lie, and the parts made of them take the place of the kept ones.

All this saves time and decides nothing. The file may be removed at any moment; it is made anew when half of the
days are others, or the package is, and thrown away where it cannot be read. Whether the mart's own files are right
is not its business: they are compared with what was computed, as ever.
"""

import hashlib
from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final, Self

import duckdb
import pyarrow as pa

from rutter_assets.lake import layout
from rutter_assets.lake.lake import Lake
from rutter_assets.lake.local import LocalStorage
from rutter_assets.lake.tables import TRANSACTIONS
from rutter_assets.marts import engine
from rutter_assets.marts.tables import DATE

_FILES: Final = pa.schema([("path", pa.string()), (DATE.name, DATE.type), ("version", pa.string())])


class KeptError(Exception):
    """What is kept cannot be read or written: do without it."""


def discard(lake: Lake, mart: str) -> None:
    """Remove what is kept of a mart, whichever version of the package did; to be called by one process at a time."""
    for path in list(lake.storage.paths(layout.KEPT)):
        if path.startswith(f"{layout.KEPT}/{mart}-"):
            lake.storage.delete(path)


@dataclass(frozen=True)
class Kept:
    """What is kept of a mart in a lake on a local disk, made of these columns of the transactions.

    `has_ids`: some of its parts depend on other days than their own. To be used by one process at a time.
    """

    lake: Lake
    mart: str
    columns: Sequence[str]
    has_ids: bool

    @classmethod
    def of(cls, lake: Lake, mart: str, columns: Sequence[str], *, has_ids: bool) -> Self | None:
        """The kept state of a mart; null in an object store, which has no place for a file that is changed in parts."""
        return cls(lake, mart, columns, has_ids) if isinstance(lake.storage, LocalStorage) else None

    @contextmanager
    def parts(self, connection: duckdb.DuckDBPyConnection, days: Set[date] | None) -> Iterator[None]:
        """A block in which `parts` is, in the engine, what its query makes of the movements of `days`; null: of all.

        A `KeptError` where what is kept is broken and now thrown away, or where the day files cannot be read or do not
        stand still: then they must be read in full.
        """
        try:
            files = self._files()
            connection.from_arrow(files).create("files")
            self._attach(connection)
            changed = self._changed(connection, files)
            if len(changed) * 2 >= len(files[DATE.name].unique()):
                self._make(connection, files)
            elif changed:
                self._update(connection, files, changed)
            parts = connection.table("kept.parts")
            if days is not None:
                connection.from_arrow(engine.dates(days)).create("part_days")
                parts = parts.join(connection.table("part_days"), DATE.name, "semi")
            parts.create_view("parts")
            yield
            connection.execute("DETACH kept")
        except (duckdb.Error, OSError) as error:
            discard(self.lake, self.mart)
            raise KeptError from error

    def _files(self) -> pa.Table:
        """The transaction files as they are now."""
        found = []
        for path in self.lake.transaction_files():
            about = Path(self.lake.storage.uri(path)).stat()
            version = f"{about.st_size} {about.st_mtime_ns} {about.st_ino}"
            found.append({"path": path, DATE.name: layout.day_of(path), "version": version})
        return pa.Table.from_pylist(found, _FILES)

    def _attach(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Open the file. Its name says what it is made with: another version of package or engine does not find it."""
        names = ("movements", f"{self.mart}_parts", "kept_rows")
        made_with = [duckdb.__version__, str(_FILES), *self.columns, *map(engine.sql, names)]
        version = hashlib.sha256("\n".join(made_with).encode()).hexdigest()[:16]
        file = Path(self.lake.storage.uri(f"{layout.KEPT}/{self.mart}-{version}.duckdb"))
        file.parent.mkdir(parents=True, exist_ok=True)
        quoted = str(file).replace("'", "''")  # the statement takes no parameter
        connection.execute(f"ATTACH '{quoted}' AS kept")

    def _changed(self, connection: duckdb.DuckDBPyConnection, files: pa.Table) -> set[date]:
        """The days whose files are not those that were read the last time; all days where nothing is kept."""
        if not connection.sql("SELECT 1 FROM duckdb_tables() WHERE database_name = 'kept'").fetchall():
            return set(files[DATE.name].to_pylist())
        return {day for (day,) in connection.sql(engine.sql("kept_changed")).fetchall()}

    def _make(self, connection: duckdb.DuckDBPyConnection, files: pa.Table) -> None:
        """Read all day files and keep what they give, in a new file."""
        connection.execute("DETACH kept")
        discard(self.lake, self.mart)
        self._attach(connection)
        engine.bind(connection, self.lake, TRANSACTIONS, files["path"].to_pylist(), self.columns)
        engine.define(connection, "movements")
        connection.execute("BEGIN")
        connection.table("files").create("kept.files")
        self._rows(connection).create("kept.rows")
        connection.sql(engine.sql(f"{self.mart}_parts")).create("kept.parts")
        self._commit(connection, files)

    def _update(self, connection: duckdb.DuckDBPyConnection, files: pa.Table, changed: Set[date]) -> None:
        """Read the changed days and what their differing rows lead to, and keep what they give."""
        connection.from_arrow(engine.dates(changed)).create("changed")
        self._read(connection, "changed_movements", _of_days(files, changed), where="true")
        parts = connection.sql(engine.sql(f"{self.mart}_parts"))
        parts.filter("id IS NULL").create("new_parts")
        self._rows(connection).create("fresh")
        connection.sql(engine.sql("kept_differing_rows")).create("differing_rows")
        connection.sql(engine.sql("kept_reached")).create("reached")
        days = {day for (day,) in connection.sql(engine.sql("kept_touched_days")).fetchall()}
        is_reached = "hash(connection_id, id) IN (FROM reached)"
        self._read(connection, "reached_movements", _of_days(files, days), where=is_reached)
        connection.sql(engine.sql(f"{self.mart}_parts")).filter("id IS NOT NULL").insert_into("new_parts")
        connection.execute("BEGIN")
        connection.execute(engine.sql("kept_update"))
        self._commit(connection, files)

    def _read(self, connection: duckdb.DuckDBPyConnection, name: str, paths: Sequence[str], where: str) -> None:
        """Make `movements` those of these files that fulfil a condition. They are read once, into the table `name`."""
        source = replace(TRANSACTIONS, name=f"{name}_files")
        engine.bind(connection, self.lake, source, paths, self.columns)
        connection.table(source.name).filter(where).create_view(TRANSACTIONS.name)
        engine.define(connection, "movements")
        connection.table("movements").create(name)
        connection.table(name).create_view("movements")

    def _rows(self, connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyRelation:
        """The keys of the movements; none where no part depends on other days."""
        rows = connection.sql(engine.sql("kept_rows"))
        return rows if self.has_ids else rows.limit(0)

    def _commit(self, connection: duckdb.DuckDBPyConnection, files: pa.Table) -> None:
        if self._files() != files:
            raise KeptError  # rows of two versions of a day may have met: no later look would find that out
        connection.execute("COMMIT")


def _of_days(files: pa.Table, days: Set[date]) -> list[str]:
    return [row["path"] for row in files.to_pylist() if row[DATE.name] in days]

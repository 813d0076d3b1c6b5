"""Whether a contender's Parquet holds the truth: every id once, and the amounts to the last digit."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import duckdb

from benchmarks.sandbox_process import Digest


class WrongRowsError(Exception):
    """A contender ended with other rows than the server has: its figures mean nothing."""


@dataclass(frozen=True)
class Stored:
    """How the right rows are stored. `sum_error`: what a plain sum over the whole column is off by."""

    rows: int
    amount_type: str
    sum_error: Decimal
    files: int
    size_mb: float

    @property
    def amounts(self) -> str:
        """In words."""
        if self.sum_error:
            return f"{self.amount_type}, sum off by {abs(self.sum_error):.0e}"
        return f"{self.amount_type}, exact"


def check(files: Sequence[Path], truth: dict[str, Digest], *, updated_at: bool = False) -> Stored:
    """Compare by connection: count and ids, amounts rounded to 9 digits, and on request the times of update."""
    database = duckdb.connect()
    database.execute("SET TimeZone = 'UTC'")
    database.execute("SET python_enable_replacements = false")
    relation = database.read_parquet([str(file) for file in files], union_by_name=True, hive_partitioning=False)
    relation.create_view("stored")
    updated_ms = "sum(epoch_ms(updated_at))" if updated_at else "0"
    found = database.execute(
        "SELECT connection_id, count(*), sha256(string_agg(id, ',' ORDER BY id)), sum(CAST(amount AS DECIMAL(38, 9))),"  # noqa: S608 - two constants
        f" {updated_ms} FROM stored GROUP BY ALL"
    ).fetchall()
    got = {connection_id: tuple(rest) for connection_id, *rest in found}
    for connection_id, digest in truth.items():
        wanted = (digest.rows, digest.ids, digest.amount_sum, digest.updated_ms_sum if updated_at else 0)
        if got.get(connection_id) != wanted:
            raise WrongRowsError(f"{connection_id}: {got.get(connection_id)} instead of {wanted}")
    if got.keys() != truth.keys():
        raise WrongRowsError(f"Connections that nobody asked for: {got.keys() - truth.keys()}")
    types = dict(database.execute("SELECT column_name, column_type FROM (DESCRIBE stored)").fetchall())
    ((plain_sum,),) = database.execute("SELECT sum(amount) FROM stored").fetchall()
    return Stored(
        rows=sum(digest.rows for digest in truth.values()),
        amount_type=types["amount"],
        sum_error=Decimal(plain_sum) - sum(digest.amount_sum for digest in truth.values()),
        files=len(files),
        size_mb=sum(file.stat().st_size for file in files) / 2**20,
    )

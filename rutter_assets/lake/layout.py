"""Where each file of the lake lies.

transactions/date=2026-11-01/bucket-00.parquet   one day's transactions of one bucket of connections
connections/date=2026-11-01/120000.parquet       one snapshot of all connections
marts/<mart>/date=2026-11-01/<mart>.parquet      one day of a mart
marts/completeness/completeness.parquet          how complete each connection is now
restatements/known_on=2026-11-01/<mart>.parquet  the figures of a mart that became others on that day
restatements/published/<mart>.parquet            when each day of a mart was first computed
rutter.duckdb                                    all tables in one file, made anew from the above
report.html                                      all figures as one page for people, made anew from the above
ledger/<connection_id>.json                      what is covered of one connection
_staging/kept/<mart>-<version>.duckdb            what a mart was made of, to read less next time; may be removed
_staging/                                        what is fetched and not yet committed, and locks
lake.json                                        the lake's own facts: format, buckets, source
erased.json                                      whom the lake must not hold any more, as hashes
"""

import hashlib
import re
from datetime import date, datetime
from typing import Final

from rutter_assets.errors import LakeError

FACTS: Final = "lake.json"
WAREHOUSE: Final = "rutter.duckdb"
COMPLETENESS: Final = "marts/completeness/completeness.parquet"
RESTATEMENTS: Final = "restatements"
REPORT: Final = "report.html"
LEDGER: Final = "ledger"
KEPT: Final = "_staging/kept"
STAGING: Final = "_staging/windows"
NOTICES: Final = "_staging/notices"

_SAFE_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_STAGED: Final = re.compile(rf"{STAGING}/[\w-]+/[\w-]+/[\w-]+\.arrow", re.ASCII)
_DAY: Final = re.compile(r"/date=(\d{4}-\d{2}-\d{2})/")


def bucket_of(connection_id: str, buckets: int) -> int:
    """The bucket a connection belongs to for as long as the lake lives."""
    return int.from_bytes(hashlib.sha256(connection_id.encode()).digest()[:8]) % buckets


def transactions(day: date, bucket: int) -> str:
    return f"transactions/date={day}/{bucket_file(bucket)}"


def bucket_file(bucket: int) -> str:
    return f"bucket-{bucket:02d}.parquet"


def connections(snapshot_at: datetime) -> str:
    return f"connections/date={snapshot_at:%Y-%m-%d}/{snapshot_at:%H%M%S}.parquet"


def mart(name: str, day: date) -> str:
    return f"marts/{name}/date={day}/{name}.parquet"


def restatements(mart_name: str, known_on: date) -> str:
    return f"{RESTATEMENTS}/known_on={known_on}/{mart_name}.parquet"


def published(mart_name: str) -> str:
    return f"{RESTATEMENTS}/published/{mart_name}.parquet"


def ledger(connection_id: str) -> str:
    return f"{LEDGER}/{segment(connection_id)}.json"


def staged(owner: str, connection_id: str, name: str) -> str:
    return f"{STAGING}/{owner}/{segment(connection_id)}/{name}.arrow"


def is_staged(path: str, connection_id: str) -> bool:
    """Whether the path is a staged file's of the connection: what a ledger names is read, and removed."""
    return _STAGED.fullmatch(path) is not None and path.split("/")[3] == connection_id


def notice(owner: str, name: str) -> str:
    return f"{NOTICES}/{owner}/{name}.json"


def owner_of(path: str) -> str:
    """The process that a staged file or a notice belongs to."""
    return path.split("/")[2]


def connection_of(path: str) -> str:
    """The connection that a staged file belongs to."""
    return path.split("/")[3]


def segment(identifier: str) -> str:
    """The id as one part of a path; an id that could lead elsewhere is refused."""
    if not _SAFE_ID.fullmatch(identifier):
        shown = repr(identifier) if len(identifier) <= 128 else f"{identifier[:32]!r}… of {len(identifier)} characters"
        raise LakeError(f"{shown} is not an id that can name a file; report it to Rutter.")
    return identifier


def day_of(path: str) -> date | None:
    """The day a file belongs to; null for a file that belongs to none."""
    found = _DAY.search(path)
    return date.fromisoformat(found[1]) if found else None

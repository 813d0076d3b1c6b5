"""Secrets that can be recognised wherever they turn up: in any spelling, in Base64, inside of any file."""

import base64
import re
import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import duckdb
import pyarrow.parquet as pq

CORE: Final = b"c4n4ryc4n4ry"
"""What each secret holds: no encoding of URLs, JSON, HTML or Python changes a letter of it."""

SECRET: Final = f"{CORE.decode()}-secret/+&='é"
LINK_CORE: Final = b"link.rutter.example"
"""What every link holds that a sandbox gives."""


def token(number: int) -> str:
    """The access token of one merchant."""
    return f"{CORE.decode()}-token/{number}+&='é"


def _spelled(core: bytes) -> re.Pattern[bytes]:
    """The core as it is, or in Base64 wherever in a longer text it stands."""
    found = [re.escape(core)]
    for before in range(3):
        text = base64.b64encode(b"\0" * before + core)
        found.append(re.escape(text[-(-before * 4 // 3) : (before + len(core)) // 3 * 4]))
    return re.compile(b"|".join(found), re.IGNORECASE)


SECRETS: Final = _spelled(CORE)
LINKS: Final = _spelled(LINK_CORE)


def read(file: Path) -> Iterator[tuple[str, bytes]]:
    """All that a file holds, as it is and unpacked, each part with the name of its place."""
    content = file.read_bytes()
    yield "", content
    if file.suffix == ".parquet":
        yield "", repr(pq.ParquetFile(file).read().to_pylist()).encode()
    elif file.suffix == ".duckdb":
        with duckdb.connect(str(file), read_only=True) as connection:
            for (name,) in connection.sql("select table_name from information_schema.tables").fetchall():
                yield f" table {name}", repr(connection.table(name).fetchall()).encode()
    elif content.startswith(b"SQLite format 3"):
        yield from _of_sqlite(file)


def _of_sqlite(file: Path) -> Iterator[tuple[str, bytes]]:
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    names = [name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")]
    for name in names:
        for row in connection.execute(f'select * from "{name}"'):
            for value in row:
                content = value if isinstance(value, bytes) else str(value).encode()
                yield f" table {name}", content
                if content[:1] == b"\x78":
                    yield f" table {name}", zlib.decompress(content)
    connection.close()

"""A process whose disk refuses in the middle of its work, mends it and works again; it tells what it was told.

`python -m tests.chaos.refused WAY FOLDER OUT BASE_URL CLIENT_ID CLIENT_SECRET LATER_URL` works on a lake in FOLDER,
kind after kind, puts what the lake is at the end into OUT, and prints the sentences as a JSON list.
"""

import json
import resource
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

import duckdb
import pyarrow.parquet as pq

from rutter_assets.errors import RutterAssetsError
from tests.chaos.work import START, Kind, opened, run
from tests.conftest import NOW

LATER = NOW + timedelta(hours=3)
KINDS: tuple[Kind, ...] = ("load", "update", "marts", "warehouse")


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """No space is left on the disk, but for a page."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            file.truncate(max(0, file.tell() - 4096))
    yield
    ballast.unlink()


@contextmanager
def limited(folder: Path) -> Iterator[None]:
    """No file may be longer than 1,500 bytes: what a process may do to itself, whoever it is."""
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_500, most))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))


@contextmanager
def forbidden(folder: Path) -> Iterator[None]:
    """Half of the days, and the lake's own folder, may not be written to any more."""
    lake = folder / "lake"
    taken = [
        lake,
        lake / "transactions",
        *sorted(lake.glob("*/date=*"))[::2],
        *sorted(lake.glob("marts/*/date=*"))[::2],
    ]
    for one in taken:
        if one.exists():
            one.chmod(0o500)
    yield
    for one in taken:
        if one.exists():
            one.chmod(0o700)


WAYS: Final[dict[str, Callable[[Path], AbstractContextManager[None]]]] = {
    "full": full,
    "limited": limited,
    "forbidden": forbidden,
}


def main(way: str, folder: Path, out: Path, *api: str) -> list[str]:
    """Refuse, mend and work again, kind after kind; the sentences."""
    lake = folder / "lake"
    opened(lake)
    said = []
    for kind in KINDS:
        base_url, now = (api[0], NOW) if kind == "load" else (api[3], LATER)
        work = partial(run, kind, str(lake), (base_url, api[1], api[2]), now, folder, START)
        with WAYS[way](folder):
            try:
                work()
                said.append(f"{kind}: nothing")
            except RutterAssetsError as error:
                said.append(f"{kind}: {error}")
            _assert_whole(lake)
        work()
    shutil.copytree(lake, out, ignore=shutil.ignore_patterns("_staging"))
    return said


def _assert_whole(lake: Path) -> None:
    """No half file stands where a whole one should, and nothing that was begun is left."""
    for file in lake.rglob("*.parquet"):
        pq.read_metadata(file)
    for file in lake.glob("*.duckdb*"):
        duckdb.connect(file, read_only=True).close()
    assert [file for file in (lake / "_staging" / "beside").rglob("*") if file.is_file()] == []


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), *sys.argv[4:])))

"""The marts over one lake, in a process of its own: a scan, a rebuild, and the hourly case. Prints the seconds as JSON.

Run as `python -m benchmarks.marts_turn LAKE MERCHANTS DAYS ROWS TURN`.
"""

import importlib.metadata
import json
import platform
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from benchmarks.lake_in_size import LakeInSize, world
from rutter_assets.lake import layout
from rutter_assets.lake.lake import Lake
from rutter_assets.lake.tables import TRANSACTIONS
from rutter_assets.marts import engine
from rutter_assets.marts.mart import MARTS, MOVEMENT_COLUMNS, compute
from rutter_assets.marts.quality import conservation

PACKAGES: Final = ("rutter-assets", "duckdb", "pyarrow")

CHANGED_AGO: Final = (0, 1, 7, 30, 200)
"""How many days before the last one the days lie that an hourly update changed."""


def main(folder: str, merchants: int, days: int, rows: int, turn: int) -> None:
    """One turn; a mart that does not hold the transactions' money ends it."""
    lake = Lake.open(folder, buckets=1, source="sandbox")
    sized = world(lake, merchants=merchants, days=days, rows=rows)
    times = _Times()
    with times.taken("scan"):
        _scan(lake)
    with times.taken("scan again"):
        _scan(lake)
    _set_aside(Path(folder), turn)
    for mart in MARTS.values():
        with times.taken(f"rebuild {mart.name}"):
            compute(lake, mart, sized.all_days)
    changed = [sized.last_day - timedelta(days=ago) for ago in CHANGED_AGO if ago < days]
    sized.change(changed, turn)
    written = {mart.name: 0 for mart in MARTS.values()}
    for mart in MARTS.values():
        with times.taken(f"hour {mart.name}"):
            done = compute(lake, mart, mart.reached_by(changed) & set(sized.all_days))
        written[mart.name] = sum(day.is_changed for day in done)
    _check(lake, sized.all_days)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    versions = {name: importlib.metadata.version(name) for name in PACKAGES} | {"Python": platform.python_version()}
    print(json.dumps({"seconds": times.seconds, "days_written": written, "peak_mb": peak_mb, "versions": versions}))


def _scan(lake: Lake) -> None:
    """Every value of the columns that the marts are made of, read and looked at once."""
    with engine.engine() as connection:
        engine.bind(connection, lake, TRANSACTIONS, lake.transaction_files(), MOVEMENT_COLUMNS)
        connection.table(TRANSACTIONS.name).aggregate(", ".join(f"max({name})" for name in MOVEMENT_COLUMNS)).fetchall()


def _set_aside(folder: Path, turn: int) -> None:
    """Move what an earlier turn computed out of the lake; files that are removed would slow the next ones down."""
    aside = folder.parent / f"before-{turn}"
    aside.mkdir()
    for name in ("marts", layout.RESTATEMENTS, layout.KEPT):
        if (folder / name).exists():
            (folder / name).rename(aside / Path(name).name)


def _check(lake: Lake, days: list[date]) -> None:
    for mart in MARTS.values():
        if not conservation(lake, mart, days).is_conserved:
            sys.exit(f"{mart.name} does not hold the transactions' money.")


class _Times:
    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def taken(self, name: str) -> Iterator[None]:
        started_s = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - started_s


def make(folder: Path, merchants: int, days: int, rows: int) -> LakeInSize:
    """A lake of these dimensions, not yet written."""
    return world(Lake.open(str(folder), buckets=1, source="sandbox"), merchants=merchants, days=days, rows=rows)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:6]))

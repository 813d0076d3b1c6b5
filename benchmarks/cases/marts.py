"""The marts over a lake of size: all of it anew, and what an hourly update asks for."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks.contest import ROOT, ContenderError
from benchmarks.marts_turn import CHANGED_AGO, make
from benchmarks.report import Bar, Section, load_average, section, table
from benchmarks.settings import Settings

NAME: Final = "marts"

_MOST_SCANS: Final = 10.0
_MOST_HOUR_S: Final = 2.0
_MARTS: Final = ("fee_totals", "refund_ratios", "refund_cohorts")


def run(settings: Settings) -> Section:
    """One lake for all turns; each turn computes everything anew in a fresh process, then changes days of the lake."""
    merchants, days, rows = (5, 40, 20) if settings.is_quick else (200, 365, 100)
    folder = settings.folder / "lake-in-size" / "lake"
    make(folder, merchants, days, rows).write()
    settings.say(f"{NAME}: {merchants * days * rows:,} rows are written")
    load = load_average()
    turns = []
    for turn in range(1, settings.repeat + 1):
        turns.append(_turn(folder, merchants, days, rows, turn))
        settings.say(f"{NAME} {turn}/{settings.repeat}: {turns[-1]['seconds']}")
    seconds = {name: median(turn["seconds"][name] for turn in turns) for name in turns[0]["seconds"]}
    scan_s = min(seconds["scan"], seconds["scan again"])
    rebuild_s, hour_s = (sum(seconds[f"{work} {mart}"] for mart in _MARTS) for work in ("rebuild", "hour"))
    count = merchants * days * rows
    written = turns[-1]["days_written"]
    peak_mb = median(turn["peak_mb"] for turn in turns)
    setting = (
        f"{merchants} merchants, {days} days, {rows} rows a day of each. *Rebuild*: every day of the mart anew, written"
        f" and synced. *Hour*: one row in 97 changed on {len(CHANGED_AGO)} days, the last and those"
        f" {', '.join(map(str, CHANGED_AGO[1:]))} days before it; what depends on them is computed, compared, restated"
        f" and written. Interpreter and imports are not counted. Peak {peak_mb:.0f} MB."
    )
    return section(
        NAME,
        f"The marts over {count:,} transactions",
        [
            setting,
            table(
                ["", "rebuild s", "times the scan", "rows/s", "hour s", "days written in it"],
                _lines(seconds, written, scan_s, count),
            ),
        ],
        [
            Bar(
                f"a rebuild within {_MOST_SCANS:.0f} times a scan of the same columns of the same files",
                f"{rebuild_s / scan_s:.1f} times",
                rebuild_s <= _MOST_SCANS * scan_s,
            ),
            Bar(f"the hourly case under {_MOST_HOUR_S:.0f} s", f"{hour_s:.2f} s", hour_s < _MOST_HOUR_S),
        ],
        load=load,
        repeat=settings.repeat,
        versions=turns[0]["versions"],
    )


def _lines(
    seconds: Mapping[str, float], written: Mapping[str, int], scan_s: float, count: int
) -> Iterator[Sequence[str]]:
    yield ["DuckDB scans the columns", f"{scan_s:.2f}", "1.0", f"{count / scan_s:,.0f}", "", ""]
    for mart in _MARTS:
        whole_s, hour_s = seconds[f"rebuild {mart}"], seconds[f"hour {mart}"]
        yield [mart, f"{whole_s:.2f}", f"{whole_s / scan_s:.1f}", f"{count / whole_s:,.0f}", f"{hour_s:.2f}",
               str(written[mart])]  # fmt: skip
    whole_s, hour_s = (sum(seconds[f"{work} {mart}"] for mart in _MARTS) for work in ("rebuild", "hour"))
    yield ["**all three**", f"{whole_s:.2f}", f"{whole_s / scan_s:.1f}", f"{count / whole_s:,.0f}", f"{hour_s:.2f}",
           str(sum(written.values()))]  # fmt: skip


def _turn(folder: Path, merchants: int, days: int, rows: int, turn: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.marts_turn", folder, *map(str, (merchants, days, rows, turn))]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    if ended.returncode != 0:
        raise ContenderError(f"The marts ended with an error:\n{ended.stderr[-3000:]}")
    found: dict[str, Any] = json.loads(ended.stdout)
    return found

"""One big merchant under the real limit: how near the budget of requests its first load comes."""

import time
from typing import Final

from benchmarks.contest import OURS, Medians, take_turn
from benchmarks.job import PAGE_ROWS
from benchmarks.report import Bar, Section, load_average, section, table
from benchmarks.sandbox_process import BulkWorld, SandboxProcess
from benchmarks.settings import Settings

NAME: Final = "one-merchant"

_MOST_TIME: Final = 1.25
_MOST_REQUESTS: Final = 1.10
_LATENCY_MS: Final = 100
_LIMIT: Final = 500
_LIMIT_WINDOW_S: Final = 10


def run(settings: Settings) -> Section:
    """This package alone; between two loads the limit's window runs empty."""
    world = BulkWorld(merchants=1, rows=20_000 if settings.is_quick else 500_000)
    load = load_average()
    turns = []
    with SandboxProcess(world, requests_per_10s=_LIMIT, latency_ms=_LATENCY_MS) as sandbox:
        truth = sandbox.truth()
        for number in range(1, settings.repeat + 1):
            turns.append(take_turn(OURS, sandbox, truth, settings))
            settings.say(f"{NAME} {number}/{settings.repeat}: {turns[-1].cost.wall_s:.1f} s")
            time.sleep(_LIMIT_WINDOW_S + 1)
    found = Medians.of(turns)
    fewest_requests = -(-world.rows // PAGE_ROWS)
    budget_s = fewest_requests * _LIMIT_WINDOW_S / _LIMIT
    setting = (
        f"First load under a limit of {_LIMIT} requests in {_LIMIT_WINDOW_S} s, every answer {_LATENCY_MS} ms late."
        f" {fewest_requests:,} full pages are the fewest, {budget_s:.0f} s what the limit alone needs for them."
    )
    times, more = found.wall_s / budget_s, found.pages / fewest_requests
    return section(
        NAME,
        f"One connection of {world.rows:,} rows",
        [
            setting,
            table(
                [
                    "",
                    "wall s (least, most)",
                    "of the budget",
                    "rows/s",
                    "page requests",
                    "of the fewest",
                    "refused",
                    "CPU s",
                    "MB",
                ],
                [
                    [
                        OURS.name,
                        f"{found.wall_s:.1f} ({found.fastest_s:.1f}, {found.slowest_s:.1f})",
                        f"{times:.2f}",
                        f"{found.rows_per_s:,.0f}",
                        f"{found.pages:,.0f}",
                        f"{more:.3f}",
                        f"{found.refused:.0f}",
                        f"{found.cpu_s:.1f}",
                        f"{found.peak_mb:.0f}",
                    ]
                ],
            ),
        ],
        [
            Bar(f"at most {_MOST_TIME} times what the limit alone needs", f"{times:.2f} times", times <= _MOST_TIME),
            Bar(f"at most {_MOST_REQUESTS:.2f} times the fewest requests", f"{more:.3f} times", more <= _MOST_REQUESTS),
        ],
        load=load,
        repeat=settings.repeat,
        versions=found.versions,
    )

"""Many small merchants, hour by hour: what it costs to learn what changed."""

import tempfile
from datetime import timedelta
from statistics import median
from typing import Final

from benchmarks.check import check
from benchmarks.contest import LAKE_ROWS, OURS, Contender, files_of
from benchmarks.contest import run as run_contender
from benchmarks.report import Bar, Section, load_average, section, table
from benchmarks.sandbox_process import BulkWorld, SandboxProcess
from benchmarks.settings import Settings

NAME: Final = "updates"

_MOST_REQUESTS: Final = 1.1
_LATENCY_MS: Final = 100
_LIMIT: Final = 500
_UPDATES: Final = Contender("rutter_assets", "ours_updates", LAKE_ROWS)


def run(settings: Settings) -> Section:
    """One first load, then as many hours as there are repetitions, each in a process of its own."""
    world = BulkWorld(merchants=20 if settings.is_quick else 200, rows=400, changes_per_hour=0.01)
    load = load_average()
    costs, requests, days = [], [], []
    with SandboxProcess(world, requests_per_10s=_LIMIT, latency_ms=_LATENCY_MS) as sandbox:
        folder = tempfile.mkdtemp(dir=settings.folder)
        run_contender(OURS, sandbox.job(folder), settings)
        for number in range(1, settings.repeat + 1):
            sandbox.advance(timedelta(hours=1))
            job = sandbox.job(folder)
            sandbox.served()
            costs.append(run_contender(_UPDATES, job, settings))
            requests.append(sandbox.served().requests)
            days.append(costs[-1].stages["days changed"])
            check(files_of(_UPDATES, job), sandbox.truth(), updated_at=True)
            settings.say(f"{NAME} {number}/{settings.repeat}: {requests[-1]} requests, {costs[-1].wall_s:.1f} s")
    each = median(requests) / world.merchants
    setting = (
        f"In every hour 1 % of each connection's rows change. Limit {_LIMIT} requests in 10 s, every answer"
        f" {_LATENCY_MS} ms late. After every update all rows and their times of update were the server's."
    )
    return section(
        NAME,
        f"{world.merchants} connections of {world.rows} rows, hourly updates",
        [
            setting,
            table(
                ["", "requests", "a connection", "wall s", "CPU s", "day files that changed", "peak MB"],
                [
                    [
                        OURS.name,
                        f"{median(requests):.0f}",
                        f"{each:.3f}",
                        f"{median(cost.wall_s for cost in costs):.1f}",
                        f"{median(cost.cpu_s for cost in costs):.1f}",
                        f"{median(days):.0f}",
                        f"{median(cost.peak_mb for cost in costs):.0f}",
                    ]
                ],
            ),
        ],
        [Bar(f"at most {_MOST_REQUESTS} requests a connection", f"{each:.3f}", each <= _MOST_REQUESTS)],
        load=load,
        repeat=settings.repeat,
        versions=costs[0].versions,
    )

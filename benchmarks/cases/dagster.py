"""Three years of days in one Dagster run, hardly any data: what the bookkeeping costs."""

from typing import Final

from benchmarks.contest import LAKE_ROWS, Contender, Medians, Turn, take_turn
from benchmarks.report import Bar, Section, load_average, section, table
from benchmarks.sandbox_process import BulkWorld, SandboxProcess
from benchmarks.settings import Settings

NAME: Final = "dagster"

_MOST_OVER_S: Final = 20.0
_RUN: Final = Contender("one Dagster run", "ours_dagster", LAKE_ROWS)
_CLI: Final = Contender("the engine, as the command line calls it", "ours", LAKE_ROWS)


def run(settings: Settings) -> Section:
    """The same days, the same rows: once as one run with its history on disk, once without Dagster."""
    days = 30 if settings.is_quick else 1_095
    world = BulkWorld(merchants=3, rows=days, days=days)
    load = load_average()
    turns: dict[str, list[Turn]] = {one.name: [] for one in (_CLI, _RUN)}
    with SandboxProcess(world, requests_per_10s=500, latency_ms=100) as sandbox:
        truth = sandbox.truth()
        for number in range(1, settings.repeat + 1):
            for one in (_CLI, _RUN):
                turn = take_turn(one, sandbox, truth, settings)
                turns[one.name].append(turn)
                settings.say(f"{NAME} {number}/{settings.repeat}: {one.name} {turn.cost.wall_s:.1f} s")
    medians = {name: Medians.of(taken) for name, taken in turns.items()}
    setting = (
        f"{world.merchants} connections with a row a day each: a day file for every day. The Dagster run plans the"
        f" days, checks them and reports {days:,} materializations to an instance in SQLite files. Interpreter and"
        " imports are not counted for either."
    )
    over_s = medians[_RUN.name].wall_s - medians[_CLI.name].wall_s
    return section(
        NAME,
        f"{days:,} days in one Dagster run",
        [
            setting,
            table(
                ["", "wall s (least, most)", "CPU s", "peak MB", "requests"],
                [
                    [
                        name,
                        f"{found.wall_s:.1f} ({found.fastest_s:.1f}, {found.slowest_s:.1f})",
                        f"{found.cpu_s:.1f}",
                        f"{found.peak_mb:.0f}",
                        f"{found.requests:.0f}",
                    ]
                    for name, found in medians.items()
                ],
            ),
        ],
        [
            Bar(
                f"under {_MOST_OVER_S:.0f} s over the time without Dagster",
                f"{over_s:.1f} s over it",
                over_s < _MOST_OVER_S,
            )
        ],
        load=load,
        repeat=settings.repeat,
        versions=medians[_CLI.name].versions | medians[_RUN.name].versions,
    )

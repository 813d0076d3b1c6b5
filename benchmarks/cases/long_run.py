"""More than a minute at the server's limit: whether the budget is used, kept, and what the memory does meanwhile."""

from typing import Final

from benchmarks.contest import LAKE_ROWS, OURS, Contender, take_turn
from benchmarks.report import Bar, Section, load_average, section, table
from benchmarks.sandbox_process import BulkWorld, SandboxProcess
from benchmarks.settings import Settings

NAME: Final = "long-run"

_LEAST_USE: Final = 0.95
_MOST_MB: Final = 700
_LIMIT: Final = 500
_LIMIT_WINDOW_S: Final = 10
_TIMED: Final = Contender(OURS.name, "ours_timed", LAKE_ROWS)


def run(settings: Settings) -> Section:
    """One load, of two million rows; the server refuses each request over the limit, exactly."""
    world = BulkWorld(merchants=1, rows=100_000 if settings.is_quick else 2_000_000)
    load = load_average()
    with SandboxProcess(world, requests_per_10s=_LIMIT, latency_ms=100) as sandbox:
        turn = take_turn(_TIMED, sandbox, sandbox.truth(), settings)
    read_s, pages = turn.cost.stages["read"], turn.served.of("/transactions")
    use = pages / (read_s * _LIMIT / _LIMIT_WINDOW_S)
    return section(
        NAME,
        f"One connection of {world.rows:,} rows, at the limit for more than a minute",
        [
            f"One load under a limit of {_LIMIT} requests in {_LIMIT_WINDOW_S} s, every answer 100 ms late.",
            table(
                ["", "reading s", "wall s", "pages", "of the budget", "refused", "CPU s", "peak MB"],
                [
                    [
                        OURS.name,
                        f"{read_s:.1f}",
                        f"{turn.cost.wall_s:.1f}",
                        f"{pages:,}",
                        f"{use:.1%}",
                        f"{turn.served.refused}",
                        f"{turn.cost.cpu_s:.1f}",
                        f"{turn.cost.peak_mb:.0f}",
                    ]
                ],
            ),
        ],
        [
            Bar("no request refused", f"{turn.served.refused} refused", turn.served.refused == 0),
            Bar(f"at least {_LEAST_USE:.0%} of the budget while reading", f"{use:.1%}", use >= _LEAST_USE),
            Bar(f"under {_MOST_MB} MB", f"{turn.cost.peak_mb:.0f} MB", turn.cost.peak_mb < _MOST_MB),
        ],
        load=load,
        repeat=1,
        versions=turn.cost.versions,
    )

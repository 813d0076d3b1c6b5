"""Ten merchants of equal size, first load, everybody against everybody; the server's limit is out of the way."""

from collections.abc import Sequence
from typing import Final

from benchmarks.contest import OURS, PEERS, Contender, Medians, Turn, take_turn
from benchmarks.report import Bar, Section, load_average, section, table
from benchmarks.sandbox_process import BulkWorld, SandboxProcess
from benchmarks.settings import Settings

NAME: Final = "throughput"

_TIMES_DLT: Final = 8
_LATENCY_MS: Final = 100
_LIMIT: Final = 100_000
"""Requests per 10 s: more than anybody here can send, because not all contenders pace themselves."""


def run(settings: Settings) -> Section:
    """Contenders take turns, so that a busy minute of the machine hits them all."""
    world = BulkWorld(merchants=10, rows=1_000 if settings.is_quick else 10_000)
    contenders = [one for one in (OURS, *PEERS) if not settings.contenders or one.module in settings.contenders]
    load = load_average()
    turns: dict[str, list[Turn]] = {one.name: [] for one in contenders}
    with SandboxProcess(world, requests_per_10s=_LIMIT, latency_ms=_LATENCY_MS) as sandbox:
        truth = sandbox.truth()
        for number in range(1, settings.repeat + 1):
            for one in contenders:
                turn = take_turn(one, sandbox, truth, settings)
                turns[one.name].append(turn)
                settings.say(f"{NAME} {number}/{settings.repeat}: {one.name} {turn.cost.wall_s:.2f} s")
    medians = {name: Medians.of(taken) for name, taken in turns.items()}
    setting = (
        f"First load of {world.merchants * world.rows:,} rows in pages of 500, every answer {_LATENCY_MS} ms late. All"
        " contenders ended with the same ids, counts and amounts per connection."
    )
    versions = {package: version for one in medians.values() for package, version in one.versions.items()}
    return section(
        NAME,
        f"{world.merchants} connections of {world.rows:,} rows",
        [
            setting,
            _table(contenders, medians),
        ],
        _bars(medians),
        load=load,
        repeat=settings.repeat,
        versions=versions,
    )


def _table(contenders: Sequence[Contender], medians: dict[str, Medians]) -> str:
    ours = medians.get(OURS.name)
    return table(
        ["contender", "rows/s", "ours is faster by", "wall s (least, most)", "CPU s", "requests", "peak MB", "amounts"],
        [
            [
                one.name,
                f"{found.rows_per_s:,.0f}",
                "" if ours is None else f"{ours.rows_per_s / found.rows_per_s:.1f}",
                f"{found.wall_s:.2f} ({found.fastest_s:.2f}, {found.slowest_s:.2f})",
                f"{found.cpu_s:.2f}",
                f"{found.requests:.0f}",
                f"{found.peak_mb:.0f}",
                found.stored.amounts,
            ]
            for one in contenders
            for found in [medians[one.name]]
        ],
    )


def _bars(medians: dict[str, Medians]) -> list[Bar]:
    ours = medians.get(OURS.name)
    others = {name: found for name, found in medians.items() if name != OURS.name}
    if ours is None or not others:
        return []
    bars = []
    if "dlt" in others:
        times = ours.rows_per_s / others["dlt"].rows_per_s
        bars.append(Bar(f"at least {_TIMES_DLT} times dlt's rows/s", f"{times:.1f} times", times >= _TIMES_DLT))
    best = max(others, key=lambda name: others[name].rows_per_s)
    ahead = ours.rows_per_s / others[best].rows_per_s
    bars.append(Bar("ahead of every other contender", f"{ahead:.1f} times the best of them, {best}", ahead > 1))
    return bars

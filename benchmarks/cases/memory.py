"""No network: from the bytes of the pages to the Parquet of the days, on one core, stage by stage."""

from typing import Final

from benchmarks.contest import LAKE_ROWS, OURS, Contender, Medians, take_turn
from benchmarks.report import Bar, Section, load_average, section, table
from benchmarks.sandbox_process import BulkWorld, SandboxProcess
from benchmarks.settings import Settings

NAME: Final = "memory"

_LEAST_ROWS_PER_S: Final = 150_000
_STAGES: Final = Contender(OURS.name, "ours_stages", LAKE_ROWS)
_WORDS: Final = {
    "decode": "page bytes → typed rows",
    "tabulate": "typed rows → Arrow",
    "stage": "Arrow → staged files, synced to disk",
    "record": "the ledger's checkpoint",
    "commit": "staged files → Parquet by day, synced to disk",
}


def run(settings: Settings) -> Section:
    """The pages are fetched before the clock starts."""
    world = BulkWorld(merchants=10, rows=1_000 if settings.is_quick else 20_000)
    load = load_average()
    turns = []
    with SandboxProcess(world, requests_per_10s=100_000, latency_ms=0) as sandbox:
        truth = sandbox.truth()
        for number in range(1, settings.repeat + 1):
            turns.append(take_turn(_STAGES, sandbox, truth, settings))
            settings.say(f"{NAME} {number}/{settings.repeat}: {turns[-1].cost.wall_s:.2f} s")
    found = Medians.of(turns)
    rows = [
        [words, f"{found.stages[stage]:.2f}", f"{found.stages[stage] / found.wall_s:.0%}",
         f"{found.rows / found.stages[stage]:,.0f}"]
        for stage, words in _WORDS.items()
    ]  # fmt: skip
    setting = (
        f"{found.rows:,} rows of {world.merchants} connections over {world.days} days, one thread and one core;"
        f" {found.stored.files} day files of {found.stored.size_mb:.0f} MB in all. CPU {found.cpu_s:.2f} s,"
        f" peak {found.peak_mb:.0f} MB with the pages in memory."
    )
    staged_s = sum(found.stages[stage] for stage in ("decode", "tabulate", "stage", "record"))
    rows.append(["**to staged files**", f"{staged_s:.2f}", f"{staged_s / found.wall_s:.0%}",
                 f"{found.rows / staged_s:,.0f}"])  # fmt: skip
    rows.append(["**to day files**", f"{found.wall_s:.2f}", "100%", f"{found.rows_per_s:,.0f}"])
    return section(
        NAME,
        "Page bytes → Parquet, no network, one core",
        [
            setting,
            table(["stage", "s", "share", "rows/s"], rows),
        ],
        [
            Bar(
                f"at least {_LEAST_ROWS_PER_S:,} rows/s on one core",
                f"{found.rows_per_s:,.0f} to day files, {found.rows / staged_s:,.0f} to staged files",
                found.rows_per_s >= _LEAST_ROWS_PER_S,
            )
        ],
        load=load,
        repeat=settings.repeat,
        versions=found.versions,
    )

"""One contender's turn: a fresh folder, a process with the contender's own Python, its cost, and a look at its rows."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.check import Stored, check
from benchmarks.job import Cost, Job
from benchmarks.sandbox_process import Digest, SandboxProcess, Served
from benchmarks.settings import Settings

ROOT = Path(__file__).parents[1]


class ContenderError(Exception):
    """A contender ended with an error; the sentence has the end of what it said."""


@dataclass(frozen=True)
class Contender:
    """A module of `contenders`; `rows`: where below its output its rows are; `is_peer`: it has the peers' Python."""

    name: str
    module: str
    rows: str
    is_peer: bool = False


LAKE_ROWS = "transactions/**/*.parquet"
OURS = Contender("rutter_assets", "ours", LAKE_ROWS)
PEERS = (
    Contender("dlt", "dlt_rest_api", "rutter/transactions/*.parquet", is_peer=True),
    Contender("airbyte-cdk", "airbyte_declarative", "*.parquet", is_peer=True),
    Contender("singer-sdk", "singer_tap", "*.parquet", is_peer=True),
    Contender("naive loop", "naive", "*.parquet"),
)


@dataclass(frozen=True)
class Turn:
    """What one load cost, what the server saw of it, and what it left."""

    cost: Cost
    served: Served
    stored: Stored


@dataclass(frozen=True)
class Medians:
    """The medians of a contender's turns; `fastest_s` and `slowest_s` are of the wall time."""

    rows: int
    wall_s: float
    fastest_s: float
    slowest_s: float
    cpu_s: float
    server_cpu_s: float
    requests: float
    pages: float
    refused: float
    peak_mb: float
    stored: Stored
    stages: dict[str, float]
    versions: dict[str, str]

    @property
    def rows_per_s(self) -> float:
        """Rows by the median wall time."""
        return self.rows / self.wall_s

    @classmethod
    def of(cls, turns: Sequence[Turn]) -> "Medians":
        """Of at least one turn."""
        walls = [turn.cost.wall_s for turn in turns]
        return cls(
            rows=turns[0].stored.rows,
            wall_s=median(walls),
            fastest_s=min(walls),
            slowest_s=max(walls),
            cpu_s=median(turn.cost.cpu_s for turn in turns),
            server_cpu_s=median(turn.served.cpu_s for turn in turns),
            requests=median(turn.served.requests for turn in turns),
            pages=median(turn.served.of("/transactions") for turn in turns),
            refused=median(turn.served.refused for turn in turns),
            peak_mb=median(turn.cost.peak_mb for turn in turns),
            stored=turns[0].stored,
            stages={stage: median(turn.cost.stages[stage] for turn in turns) for stage in turns[0].cost.stages},
            versions=turns[0].cost.versions,
        )


def take_turn(contender: Contender, sandbox: SandboxProcess, truth: dict[str, Digest], settings: Settings) -> Turn:
    """Let the contender load everything into a folder of its own, and check what it has."""
    job = sandbox.job(tempfile.mkdtemp(dir=settings.folder))
    sandbox.served()
    cost = run(contender, job, settings)
    return Turn(cost, sandbox.served(), check(files_of(contender, job), truth))


def run(contender: Contender, job: Job, settings: Settings) -> Cost:
    """Run the contender on the job in a process of its own; what it says is shown only where it fails."""
    folder = Path(job.folder)
    result, said = folder / "result.json", folder / "said.txt"
    python = settings.peers_python if contender.is_peer else Path(sys.executable)
    environment = os.environ | {"PYTHONPATH": str(ROOT), "HOME": str(folder)}
    with said.open("w") as output:
        ended = subprocess.run(  # noqa: S603 - our own program
            [python, "-m", "benchmarks.contend", contender.module, result],
            input=job.to_json(),
            text=True,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=environment,
            check=False,
        )
    if ended.returncode != 0:
        raise ContenderError(f"{contender.name} ended with an error:\n{said.read_text()[-3000:]}")
    return Cost(**json.loads(result.read_text()))


def files_of(contender: Contender, job: Job) -> list[Path]:
    """The Parquet files that hold the contender's rows."""
    return sorted(job.output.glob(contender.rows))

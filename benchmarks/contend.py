"""One contender's load in this process: `python -m benchmarks.contend <contender> <result file>`, the job on stdin."""

import dataclasses
import importlib
import importlib.metadata
import json
import platform
import resource
import sys
import time
from pathlib import Path

from benchmarks.job import Cost, Job


def main() -> None:
    """Import the contender, let it prepare if it wants to, load, and write down what the load cost."""
    contender = importlib.import_module(f"benchmarks.contenders.{sys.argv[1]}")
    job = Job.from_json(sys.stdin.read())
    job.output.mkdir(parents=True, exist_ok=True)
    job.scratch.mkdir(exist_ok=True)
    if hasattr(contender, "prepare"):
        contender.prepare(job)
    cpu_before_s, started_s = _cpu_s(), time.perf_counter()
    stages = contender.load(job)
    wall_s, cpu_s = time.perf_counter() - started_s, _cpu_s() - cpu_before_s
    versions = {name: importlib.metadata.version(name) for name in contender.PACKAGES}
    versions["Python"] = platform.python_version()
    cost = Cost(wall_s, cpu_s, _peak_mb(), versions, stages or {})
    Path(sys.argv[2]).write_text(json.dumps(dataclasses.asdict(cost)))


def _cpu_s() -> float:
    """CPU seconds of this process and of the children it has waited for."""
    of = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in of)


def _peak_mb() -> float:
    """Peak resident memory in MiB, that of the biggest child added.

    Linux hands the parent's peak down to `ru_maxrss` of a new program, so there the kernel's own figure is read.
    """
    children_kib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return (int(line.split()[1]) + children_kib) / 1024
    unit = 1024 if sys.platform == "darwin" else 1
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss + children_kib) / unit / 1024


if __name__ == "__main__":
    main()

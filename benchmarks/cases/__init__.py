"""The cases: what is set up, what is measured, which bars were set."""

from collections.abc import Callable, Mapping
from typing import Final

from benchmarks.cases import dagster, long_run, marts, memory, one_merchant, throughput, updates
from benchmarks.report import Section
from benchmarks.settings import Settings

CASES: Final[Mapping[str, Callable[[Settings], Section]]] = {
    module.NAME: module.run for module in (throughput, one_merchant, long_run, updates, memory, dagster, marts)
}

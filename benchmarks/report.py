"""What a case found, as Markdown: on the screen, and between its marks in `docs/benchmarks.md`."""

import os
import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

DOCUMENT = Path(__file__).parents[1] / "docs" / "benchmarks.md"


@dataclass(frozen=True)
class Bar:
    """A bar that was set before anything was measured, and whether it is reached."""

    sentence: str
    measured: str
    is_reached: bool

    def __str__(self) -> str:
        return f"- {'Reached' if self.is_reached else '**Not reached**'}: {self.sentence}. Measured: {self.measured}."


@dataclass(frozen=True)
class Section:
    """A case's findings: `text` is Markdown below the heading."""

    name: str
    title: str
    text: str


def section(
    name: str,
    title: str,
    paragraphs: Sequence[str],
    bars: Sequence[Bar],
    *,
    load: str,
    repeat: int,
    versions: Mapping[str, str],
) -> Section:
    """A section with what every one must say: the bars, the machine, its load, the day and the versions."""
    told = ", ".join(
        f"{package} {version}" for package, version in sorted(versions.items(), key=lambda v: v[0].lower())
    )
    measured = (
        f"Measured on {datetime.now(UTC):%Y-%m-%d}, medians of {repeat}, on {machine()}; load average {load}. {told}."
    )
    return Section(name, title, "\n\n".join([*paragraphs, "\n".join(map(str, bars)), measured]))


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table, the first column left, the others right."""
    lines = [headings, ["---", *["---:"] * (len(headings) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def machine() -> str:
    """The machine, as anybody may know it."""
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory_gb:.0f} GB, {platform.machine()}, {platform.system()}"


def load_average() -> str:
    """How busy the machine is, over 1 and 5 minutes."""
    one, five, _ = os.getloadavg()
    return f"{one:.1f} (1 min), {five:.1f} (5 min)"


def write(found: Section) -> None:
    """Replace what stands between the case's marks in the document."""
    begin, end = f"<!-- {found.name}: begin -->", f"<!-- {found.name}: end -->"
    text = DOCUMENT.read_text()
    body = f"{begin}\n### {found.title}\n\n{found.text}\n{end}"
    replaced, count = re.subn(f"{re.escape(begin)}.*?{re.escape(end)}", lambda _: body, text, flags=re.DOTALL)
    if not count:
        raise LookupError(f"{DOCUMENT.name} has no marks of the case {found.name}: add them where its result belongs.")
    DOCUMENT.write_text(replaced)

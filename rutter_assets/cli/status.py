"""`rutter-assets status`: what the API says of each connection, beside what the lake holds of it."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from rich.cells import set_cell_size
from rich.console import Console

from rutter_assets.cli import words
from rutter_assets.cli.progress import shown_on
from rutter_assets.ingest.plan import reached
from rutter_assets.ingest.snapshot import Described, Snapshot, take_snapshot
from rutter_assets.ingest.source import open_source
from rutter_assets.lake.lake import Lake
from rutter_assets.lake.ledger import Ledger
from rutter_assets.rutter.window import Window
from rutter_assets.settings import Settings

_NAME_CELLS = 32
"""The width of a name on a terminal; the id below it tells apart what is cut off."""

_COLUMNS = ("MERCHANT", "ID", "PLATFORM", "GATE", "COVERED", "ROWS", "LAST SYNC", "LAG", "WHAT TO DO")


def run(*, links: bool) -> None:
    """Print the table; links are shown to a person, or where they are asked for."""
    settings = Settings.from_env()
    lake = Lake.open(settings.lake, buckets=settings.buckets, source=settings.source)
    console = words.console()
    with shown_on(console) as progress:
        if console.is_terminal:
            progress.stage("Asking the API for its connections")
        snapshot = asyncio.run(_ask(settings, lake))
        ledgers, rows = lake.ledgers(), _rows_by_connection(lake)
    lines = [
        _Line(item, ledgers.get(item.connection.id), rows[item.connection.id], snapshot.taken_at)
        for item in sorted(snapshot.connections, key=lambda item: (item.connection.name or "").casefold())
    ]
    if not lines:
        console.print("The API lists no connections yet.")
    elif console.is_terminal:
        _print_for_a_person(console, lines)
    else:
        _print_plain(console, lines, links=links)


async def _ask(settings: Settings, lake: Lake) -> Snapshot:
    async with open_source(settings, lake) as source:
        return await take_snapshot(source)


def _rows_by_connection(lake: Lake) -> Counter[str]:
    counted: Counter[str] = Counter()
    for table in lake.transactions(columns=["connection_id"]):
        for item in table["connection_id"].value_counts().to_pylist():
            counted[item["values"]] += item["counts"]
    return counted


@dataclass(frozen=True)
class _Line:
    """One connection, ready to be shown."""

    described: Described
    ledger: Ledger | None
    row_count: int
    now: datetime

    @property
    def name(self) -> str:
        return words.printable(self.described.connection.name or self.described.connection.platform)

    @property
    def connection_id(self) -> str:
        return words.printable(self.described.connection.id)

    @property
    def platform(self) -> str:
        return words.printable(self.described.connection.platform)

    @property
    def gate(self) -> str:
        return "unknown" if self.described.gate is None else self.described.gate.kind

    @property
    def to_do(self) -> str:
        """Why the gate is closed and what mends it; empty where it is open."""
        if self.described.gate is None:
            return words.printable(str(self.described.error))
        return "" if self.described.gate.kind == "open" else words.printable(self.described.gate.message)

    @property
    def link(self) -> str:
        """The link by which the merchant logs in again: a secret, for the one who sends it to the merchant."""
        link = self.described.link_url
        if link is None or self.gate not in ("needs_update", "disabled"):
            return ""
        return words.printable(link.get_secret_value())

    @property
    def _covered(self) -> list[Window]:
        return sorted(reached(self.ledger.covered)) if self.ledger else []

    @property
    def covered(self) -> tuple[str, str]:
        """The first and the last day that were read, and how many gaps lie between."""
        if not self._covered:
            return words.NONE, ""
        whole = Window(self._covered[0].start, self._covered[-1].end)
        gaps = len(whole.minus(self._covered))
        said = f" ({gaps} gaps)" if gaps else ""
        return f"{whole.start.date()}", f"{whole.days[-1]}{said}"

    @property
    def lag(self) -> str:
        """How long ago the newest of what is on disk was read."""
        return words.duration(self.now - self._covered[-1].end) if self._covered else words.NONE

    @property
    def last(self) -> tuple[str, str]:
        """How the last sync ended, and how long ago."""
        last = self.ledger.last_outcome if self.ledger else None
        return (words.NONE, "") if last is None else (last.kind, f"{words.duration(self.now - last.at)} ago")


def _print_for_a_person(console: Console, lines: list[_Line]) -> None:
    """Two lines a connection, within 80 columns; what is to be done, and the links for it, stand below."""
    console.print(f"{'MERCHANT':<{_NAME_CELLS}}  {'GATE':<12}  {'ROWS':>9}  {'LAG':>6}  LAST SYNC", style="bold")
    for line in lines:
        name = set_cell_size(line.name, _NAME_CELLS)
        console.print(f"{name}  {line.gate:<12}  {line.row_count:>9,}  {line.lag:>6}  {line.last[0]}")
        covered = " to ".join(filter(None, line.covered))
        console.print(f"  {line.connection_id}  {line.platform:<12}  {covered}", style="dim")
    for line in lines:
        if line.to_do:
            link = f" {line.link}" if line.link else ""
            console.print(f"\n{line.name}: {line.to_do}{link}", soft_wrap=True)


def _print_plain(console: Console, lines: list[_Line], *, links: bool) -> None:
    """One line a connection, nothing cut off, for pagers and scripts."""
    table = words.table(*_COLUMNS, *(("LINK",) if links else ()), figures=("ROWS", "LAG"))
    for line in lines:
        cells = [
            line.name,
            line.connection_id,
            line.platform,
            line.gate,
            " to ".join(filter(None, line.covered)),
            f"{line.row_count:,}",
            ", ".join(filter(None, line.last)),
            line.lag,
            line.to_do or words.NONE,
        ]
        table.add_row(*cells, *((line.link or words.NONE,) if links else ()))
    words.put(console, table)

"""`rutter-assets erase`: a merchant out of everything that the lake holds, with the proof."""

import sys
from collections.abc import Sequence

import typer
from rich.console import Console

from rutter_assets.cli import failure, words
from rutter_assets.errors import SettingError
from rutter_assets.lake import layout
from rutter_assets.lake.holdings import Holding
from rutter_assets.lake.lake import Lake
from rutter_assets.marts.erasure import erase, examine
from rutter_assets.settings import Settings


def run(connection_id: str, *, is_confirmed: bool) -> None:
    """Ask on a terminal, erase, and print what each table held before and holds now."""
    settings = Settings.from_env()
    lake = Lake.open(settings.lake, buckets=settings.buckets, source=settings.source)
    rows = sum(one.rows_of_connection for one in examine(lake, connection_id))
    if not is_confirmed:
        if not sys.stdin.isatty():
            raise SettingError("erase asks before it erases, and nobody is there to answer: give --yes.")
        if not _agreed(f"Erase {words.counted(rows, 'row', 'rows')} of {connection_id} for good?"):
            failure.say("nothing was erased.")
            raise typer.Exit(failure.INTERRUPTED)
    has_report = lake.storage.exists(layout.REPORT)
    erasure = erase(lake, connection_id)
    if has_report:
        from rutter_assets.report.page import build  # here, so that no other command waits for the plotting library

        build(lake)
    console = words.console()
    for table in sorted({one.table for one in (*erasure.before, *erasure.after)}):
        console.print(table, soft_wrap=True)
        _print(console, "before", table, erasure.before)
        _print(console, "after", table, erasure.after)
    console.print(
        f"{words.counted(erasure.rows, 'row', 'rows')} of {connection_id} erased; none is left in the lake, and no sync"
        " brings it back. Backups and Dagster's own history are out of reach: see docs/guarantees.md.",
        soft_wrap=True,
    )


def _agreed(question: str) -> bool:
    try:
        return typer.confirm(question)
    except typer.Abort:
        return False


def _print(console: Console, when: str, table: str, holdings: Sequence[Holding]) -> None:
    one = next((one for one in holdings if one.table == table), Holding(table, 0, 0, 0, words.NONE))
    console.print(
        f"  {when:<6}  {words.counted(one.files, 'file', 'files')}, {words.counted(one.rows, 'row', 'rows')},"
        f" {one.rows_of_connection:,} of the merchant, SHA-256 {one.sha256}",
        soft_wrap=True,
    )

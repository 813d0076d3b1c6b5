"""`rutter-assets demo`: the whole flow once, through Dagster in this process; then what it found, and where it lies."""

import json
import os
import shlex
import sys
import time
from datetime import timedelta
from pathlib import Path

from rich.console import Console

from rutter_assets.cli import words
from rutter_assets.cli.progress import shown_on
from rutter_assets.errors import IncompleteError
from rutter_assets.lake import layout
from rutter_assets.lake.lake import Lake
from rutter_assets.marts.mart import MARTS
from rutter_assets.marts.summary import summary
from rutter_assets.settings import Settings


def run() -> None:
    """Materialize everything on the instance that `make dev` uses, and print the figures, the files and what waits."""
    started = time.monotonic()
    settings = Settings.from_env()
    lake = Lake.open(settings.lake, buckets=settings.buckets, source=settings.source)
    console = words.console()
    if settings.source == "sandbox":
        console.print("No credentials are set: reading from the embedded sandbox.", soft_wrap=True)
    home = dagster_home(settings)
    with shown_on(console, then="then Dagster's records and marts") as progress:
        progress.stage("Starting Dagster")
        # Imported here, so that the bar is there first.
        from dagster import DagsterExecutionInterruptedError

        from rutter_assets.defs.in_process import instance_at, materialize_all

        failed = None
        with instance_at(home) as instance:
            try:
                materialize_all(instance, settings, lambda _: progress)
            except IncompleteError as error:
                failed = error  # the others are on disk, and can be shown
            except DagsterExecutionInterruptedError:
                raise KeyboardInterrupt from None
    show(console, settings, lake)
    elapsed = words.duration(timedelta(seconds=time.monotonic() - started))
    console.print(f"\nThat took {elapsed}. Dagster's own records of it are in {_short(home)}.", soft_wrap=True)
    if failed is not None:
        raise failed


def dagster_home(settings: Settings) -> Path:
    """`DAGSTER_HOME`, or the folder `dagster` beside a lake on a local disk."""
    given = os.environ.get("DAGSTER_HOME")
    beside = Path("data") if "://" in settings.lake else Path(settings.lake).parent
    return (Path(given) if given else beside / "dagster").absolute()


def show(console: Console, settings: Settings, lake: Lake) -> None:
    """Print what the lake holds: figures, who waits, files, and how to open them."""
    _print_figures(console, lake)
    _print_waiting(console, lake)
    _print_files(console, settings, lake)


def _print_figures(console: Console, lake: Lake) -> None:
    names = _names(lake)
    figures = ("SALES", "FEES", "REFUNDS", "RATIO")
    table = words.table("MERCHANT", "CUR", *figures, figures=figures)
    rows = summary(lake).to_pylist()
    for row in sorted(rows, key=lambda row: names.get(row["connection_id"], "").casefold()):
        currency = row["iso_currency_code"]
        table.add_row(
            names.get(row["connection_id"], row["connection_id"]),
            currency,
            words.money(row["gross_volume"], currency),
            words.money(row["fees_total"], currency),
            words.money(row["refund_amount"], currency),
            words.percent(row["refund_ratio_amount"]),
        )
    console.print()
    words.put(console, table)
    untold = [row for row in rows if not row["fees_total"] and not row["fee_coverage"]]
    if untold:
        who = sorted({names.get(row["connection_id"], row["connection_id"]) for row in untold})
        console.print(f"The API tells no fees of {'; '.join(who)}: their 0 means unknown.", soft_wrap=True)
    if any(row["iso_currency_code"] == "XXX" for row in rows):
        console.print("XXX is money whose currency the API does not tell.")


def _print_waiting(console: Console, lake: Lake) -> None:
    names = _names(lake)
    waiting = [
        (names.get(connection_id, connection_id), ledger.last_outcome.message)
        for connection_id, ledger in lake.ledgers().items()
        if ledger.last_outcome is not None and ledger.last_outcome.kind != "synced"
    ]
    if waiting:
        console.print("\nNot loaded yet:", style="bold")
    for name, message in sorted(waiting):
        console.print(f"  {name}: {message}", soft_wrap=True)


def _print_files(console: Console, settings: Settings, lake: Lake) -> None:
    files = lake.transaction_files()
    days = {layout.day_of(path) for path in files}
    console.print("\nThe files, a folder a UTC day:", style="bold")
    console.print(f"  {settings.lake}/transactions/  {len(days):,} days", soft_wrap=True)
    for name in MARTS:
        console.print(f"  {settings.lake}/marts/{name}/", soft_wrap=True)
    console.print("\nAll figures as one page, for a browser:", style="bold")
    console.print(f"  {lake.storage.uri(layout.REPORT)}", soft_wrap=True)
    console.print("\nTo open the files in DuckDB:", style="bold")
    console.print(f"  {duckdb_line(settings.lake)}", soft_wrap=True)
    console.print("\nTo watch the rest arrive in the Dagster UI, on the same lake:", style="bold")
    console.print("  make dev", soft_wrap=True)


def duckdb_line(lake: str) -> str:
    """The shell command that shows the lake's transactions in DuckDB, with this very Python."""
    pattern = json.dumps(f"{lake}/transactions/**/*.parquet", ensure_ascii=False)  # a string of Python, too
    columns = "created_at, platform, type, amount, fee, iso_currency_code"
    code = f'import duckdb; duckdb.read_parquet({pattern}).project("{columns}").show()'
    return f"{shlex.quote(_short(Path(sys.executable)))} -c {shlex.quote(code)}"


def _names(lake: Lake) -> dict[str, str]:
    snapshot = lake.latest_connections()
    rows = [] if snapshot is None else snapshot.select(["connection_id", "name", "platform"]).to_pylist()
    return {row["connection_id"]: words.printable(row["name"] or row["platform"]) for row in rows}


def _short(path: Path) -> str:
    """The path as seen from here, where it lies below."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)

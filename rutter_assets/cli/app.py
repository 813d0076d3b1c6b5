"""The commands and their arguments; what a command does is in the module of its name."""

import functools
import logging
import os
import sys
from typing import Annotated, Any

import stamina.instrumentation
import typer

from rutter_assets.cli import as_of, doctor, erase, failure, plan, report, resync, status, sync, tables
from rutter_assets.errors import SettingError
from rutter_assets.sandbox.cli import serve

_EXIT_CODES = """\b
Exit codes:
  0    done; merchants whose gate is closed are no failure
  1    some connections failed; a next run repeats only these
  2    a setting or an argument is wrong; nothing was read
  3    the API cannot be used now: no credentials it accepts,
       no answer, or every connection failed
  4    a file of the lake is not what it should be
  70   a fault of ours, with its traceback
  130  interrupted; what was read is kept"""

app = typer.Typer(
    epilog=_EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback()
def settings_and_logging(
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what is done, to the standard error.")] = False,
) -> None:
    """Merchants' money movements from the Rutter API: Parquet by UTC day, fee totals and refund ratios.

    Every setting is an environment variable that starts with RUTTER_. Without RUTTER_CLIENT_ID and
    RUTTER_CLIENT_SECRET the commands read from a sandbox that they host themselves.
    """
    stamina.instrumentation.set_on_retry_hooks([])  # the client logs each retry itself, for --verbose
    handler = _StandardError()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, handlers=[handler])


From = Annotated[
    str | None, typer.Option("--from", metavar="DATE", help="The first UTC day, YYYY-MM-DD. [RUTTER_START_DATE]")
]
To = Annotated[str | None, typer.Option("--to", metavar="DATE", help="The last UTC day, YYYY-MM-DD, included. [today]")]
Connections = Annotated[
    list[str] | None, typer.Option("--connection", metavar="ID", help="Only this one; may be given many times. [all]")
]


@app.command("sync", epilog=_EXIT_CODES, short_help="Load what is ready and compute the marts, without Dagster.")
@failure.told
def sync_command(
    from_: From = None,
    to: To = None,
    connection: Connections = None,
    updates: Annotated[
        bool, typer.Option("--updates", help="Read what changed since each merchant's watermark, whatever its day.")
    ] = False,
) -> None:
    """Load every merchant whose gate is open, then the marts of the days that changed.

    Without dates: what was never read since RUTTER_START_DATE, and the last three days again. With a date: all days
    from --from to --to again.
    """
    sync.run(from_, to, tuple(connection) if connection else None, updates=updates)


@app.command("resync", epilog=_EXIT_CODES, short_help="Forget a merchant and read its whole history again.")
@failure.told
def resync_command(
    connection: Annotated[list[str], typer.Option(metavar="ID", help="The connection; may be given many times.")],
) -> None:
    """Take everything that was read of a connection for unread, and read its whole history again.

    Its rows stay where they are until they are read; what the API no longer has is gone afterwards.
    """
    resync.run(tuple(connection))


@app.command("erase", epilog=_EXIT_CODES, short_help="Erase a merchant from everything the lake holds.")
@failure.told
def erase_command(
    connection: Annotated[str, typer.Option(metavar="ID", help="The connection, as `rutter-assets status` names it.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; for scripts.")] = False,
) -> None:
    """Take a merchant out of transactions, snapshots, marts, restatements, ledger, staging, warehouse and report.

    Prints files, rows and SHA-256 of each table before and after. Afterwards no sync reads the merchant, though the
    API still lists it; `rutter-assets resync` is the way to have it back.
    """
    erase.run(connection, is_confirmed=yes)


@app.command("plan", epilog=_EXIT_CODES, short_help="Show what a sync would read, without reading it.")
@failure.told
def plan_command(from_: From = None, to: To = None, connection: Connections = None) -> None:
    """Show what `sync` with the same options would read: windows, rows, requests. Only statuses are asked for."""
    plan.run(from_, to, tuple(connection) if connection else None)


@app.command("doctor", epilog=_EXIT_CODES, short_help="Look for what is wrong with the set-up.")
@failure.told
def doctor_command() -> None:
    """Examine settings, lake, credentials, API version and updates, one clear line each."""
    doctor.run()


@app.command("status", short_help="Show each connection: gate, coverage, lag, what to do.")
@failure.told
def status_command(
    links: Annotated[
        bool, typer.Option("--links", help="Show re-login links even where the output is no terminal.")
    ] = False,
) -> None:
    """Show each connection: its gate, what its merchant must do, what is on disk, and how far that lags behind."""
    status.run(links=links)


@app.command("as-of", epilog=_EXIT_CODES, short_help="Print a mart as it was known at an instant, as CSV.")
@failure.told
def as_of_command(
    mart: Annotated[str, typer.Argument(metavar="MART", help="fee_totals, refund_ratios or refund_cohorts.")],
    at: Annotated[str, typer.Option(metavar="INSTANT", help="With its offset, such as 2026-11-01T12:00:00Z.")],
    from_: From = None,
    to: To = None,
) -> None:
    """Print the figures of a mart as they were known at an instant, whatever was restated since, as CSV."""
    as_of.run(mart, at, from_, to)


@app.command("tables", short_help="Print every table and column, as docs/tables.md has them.")
@failure.told
def tables_command() -> None:
    """Print what each table of the lake and of rutter.duckdb holds: one row per what, columns, types, units, nulls."""
    tables.run()


@app.command("report", short_help="Write the page report.html: fees, refunds, who must act.")
@failure.told
def report_command() -> None:
    """Write report.html into the lake: every merchant's fees, refunds, chargebacks and completeness, and who must act.

    It is one file that needs no network, made of the marts and the newest snapshot as they are; completeness is judged
    anew. Nothing is read from the API.
    """
    report.run()


@app.command("demo", short_help="Run the whole flow through Dagster; show the figures.")
@failure.told
def demo_command() -> None:
    """Run the whole flow once through Dagster, in this process, and show the figures and where they lie."""
    from rutter_assets.cli.demo import run  # here, so that no other command waits for Dagster to be imported

    run()


@app.command("sandbox", help="Serve the sandbox, and print its credentials.")
@failure.told
@functools.wraps(serve)
def sandbox_command(*args: Any, **kwargs: Any) -> None:
    """The sandbox's own command, as it is."""
    try:
        serve(*args, **kwargs)
    except OSError as error:
        why = os.strerror(error.errno or 0)
        raise SettingError(f"The sandbox cannot listen on --port ({why}): give a free port, or 0.") from None


class _StandardError(logging.Handler):
    """Writes to whatever the standard error is at the time, which live bars replace while they are drawn."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            print(self.format(record), file=sys.stderr)
        except Exception:  # noqa: BLE001 - what logging asks of a handler
            self.handleError(record)

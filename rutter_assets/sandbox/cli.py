"""The sandbox from a shell: serve a world, or write down what a client of it should find."""

import json
import signal
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from rutter_assets.sandbox.clock import Clock
from rutter_assets.sandbox.server import Sandbox
from rutter_assets.sandbox.truth import Truth
from rutter_assets.sandbox.world import World

__all__ = ["app"]

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


class Table(StrEnum):
    """What there is a truth of."""

    TRANSACTIONS = "transactions"
    FEE_TOTALS = "fee_totals"
    REFUND_RATIOS = "refund_ratios"


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not an ISO-8601 instant such as 2026-11-01T10:00:00Z.") from error
    if instant.tzinfo is None:
        raise typer.BadParameter(f"{text!r} names no zone; write 2026-11-01T10:00:00Z.")
    return instant.astimezone(UTC)


Seed = Annotated[int, typer.Option(help="Which world: the same seed and epoch make the same one.")]
Replay = Annotated[Path | None, typer.Option(help="A file of real transactions to replay as one more merchant.")]


@app.command()
def serve(
    port: Annotated[int, typer.Option(help="The port on 127.0.0.1; 0 takes a free one.")] = 8500,
    seed: Seed = 7,
    epoch: Annotated[
        datetime | None, typer.Option(parser=_instant, metavar="ISO", help="When the world was made; default: now.")
    ] = None,
    clock: Annotated[
        datetime | None, typer.Option(parser=_instant, metavar="ISO", help="Stop the time here; default: it runs.")
    ] = None,
    replay: Replay = None,
    latency_ms: Annotated[int, typer.Option(min=0, help="Added to every answer.")] = 0,
    requests_per_10s: Annotated[int, typer.Option(min=1, help="The organisation's rate limit.")] = 500,
) -> None:
    """Serves the demonstration world until it is interrupted."""
    time = Clock.wall() if clock is None else Clock.frozen(clock)
    made_at = epoch or time.now()
    world = World.demo(seed=seed, epoch=made_at, replay=replay)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with Sandbox(world, time, requests_per_10s, latency_ms, port=port) as sandbox:
        typer.echo(f"base URL       {sandbox.base_url}")
        typer.echo(f"client id      {sandbox.client_id}")
        typer.echo(f"client secret  {sandbox.client_secret}")
        typer.echo(f"seed, epoch    {seed}, {made_at.isoformat()}")
        for merchant in world.merchants:
            typer.echo(f"{merchant.id}  {merchant.platform:<12}  {merchant.status(time.now()):<12}  {merchant.name}")
        stop.wait()


@app.command()
def truth(
    table: Annotated[Table, typer.Argument(help="What to write down.")],
    epoch: Annotated[datetime, typer.Option(parser=_instant, metavar="ISO", help="When the world was made.")],
    seed: Seed = 7,
    clock: Annotated[
        datetime | None, typer.Option(parser=_instant, metavar="ISO", help="As of when; default: now.")
    ] = None,
    replay: Replay = None,
    connection: Annotated[str | None, typer.Option(help="One connection's id; default: all.")] = None,
    from_: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="The first UTC day of created_at.")
    ] = None,
    to: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="The last UTC day of created_at, included.")
    ] = None,
) -> None:
    """Writes the expected rows as JSON lines; money and instants are text, ratios are numbers."""
    world = World.demo(seed=seed, epoch=epoch, replay=replay)
    if connection is not None and connection not in {merchant.id for merchant in world.merchants}:
        raise typer.BadParameter(f"There is no connection {connection} in this world.", param_hint="--connection")
    witness = Truth(world, Clock.wall() if clock is None else Clock.frozen(clock), world.shelves())
    first, last = (None if day is None else day.date() for day in (from_, to))
    for row in _rows(witness, world, table, connection, first, last):
        typer.echo(json.dumps(row, default=_text, ensure_ascii=False))


def _rows(
    witness: Truth, world: World, table: Table, connection: str | None, first: date | None, last: date | None
) -> Iterator[dict[str, Any]]:
    if table is Table.FEE_TOTALS:
        yield from witness.fee_totals(connection, first, last)
    elif table is Table.REFUND_RATIOS:
        yield from witness.refund_ratios(connection, first, last)
    else:
        for merchant in world.merchants:
            if connection in (None, merchant.id):
                yield from witness.transactions(merchant.id, _midnight(first), _midnight(last, days=1))


def _midnight(day: date | None, days: int = 0) -> datetime | None:
    return None if day is None else datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=days)


def _text(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{value!r} has no text here.")

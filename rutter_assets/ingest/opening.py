"""The opening of a merchant's gate: whose history is not on disk yet, what the API says of them, and whom to load now.

The sensor calls `look` every few seconds. It asks the status only of connections that are not loaded, in turns and
within a budget, and gives back one decision for each and at most one batch to load.
"""

import asyncio
import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Final, Literal

import msgspec

from rutter_assets.errors import NOT_JSON, Exchange, LakeError, TransientError
from rutter_assets.ingest import plan
from rutter_assets.ingest.gate import GateKind
from rutter_assets.ingest.snapshot import Described, describe, instant, side_by_side
from rutter_assets.ingest.source import Source
from rutter_assets.lake.lake import Lake
from rutter_assets.lake.ledger import Ledger
from rutter_assets.rutter import contract
from rutter_assets.rutter.types import Connection

BUDGET_S: Final = 10.0
"""How long one look may take; what it did not get to comes first in the next one."""

MOST_ASKED: Final = 100
"""Statuses asked in one look: a fifth of what the API allows in that time, so that loading goes on meanwhile."""

CONCURRENT: Final = 10

FIRST_BACKOFF: Final = timedelta(minutes=1)
LONGEST_BACKOFF: Final = timedelta(hours=1)

DecisionKind = GateKind | Literal["loading", "backing_off", "unreadable"]


@dataclass(frozen=True)
class Decision:
    """What a look decided about one connection.

    `open`: load it now. `waiting`, `needs_update`, `disabled`: its gate is closed. `loading`: a run is at it.
    `backing_off`: a run ended without its history, and the next one is not due. `unreadable`: its status, or its
    ledger, cannot be read.
    """

    connection_id: str
    name: str
    kind: DecisionKind
    message: str
    oldest: date | None = None


class Attempt(msgspec.Struct, frozen=True):
    """The last time a connection's history was asked for; `generation` counts them from 1."""

    generation: Annotated[int, msgspec.Meta(ge=1)]
    asked_at: Annotated[datetime, msgspec.Meta(tz=True)]


class Cursor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one look leaves for the next: after whom to go on, and the attempts of those that are not loaded."""

    version: Literal[1] = 1
    after: str = ""
    attempts: dict[str, Attempt] = {}

    @classmethod
    def decode(cls, text: str | None) -> "Cursor":
        """The cursor as it was encoded; one that is absent, broken or of another version starts anew."""
        try:
            return msgspec.json.decode(text or "{}", type=cls)
        except NOT_JSON:
            return cls()

    def encode(self) -> str:
        return msgspec.json.encode(self).decode()


@dataclass(frozen=True)
class Opening:
    """A whole look. `load`: the connections to load now, `run_key` names that request, the same for the same request.

    `oldest`: the oldest day of theirs that the API tells of; null: not told of all.
    """

    decisions: list[Decision]
    loaded_count: int
    cursor: Cursor
    load: tuple[str, ...] = ()
    run_key: str | None = None
    oldest: date | None = None

    @property
    def sentence(self) -> str:
        """What is waited for, in one sentence."""
        if not self.decisions:
            return f"All {self.loaded_count} connections have their history on disk."
        said = []
        for kind, words in _WORDS.items():
            names = [decision.name for decision in self.decisions if decision.kind == kind]
            if names:
                more = f" and {len(names) - 3} more" if len(names) > 3 else ""
                said.append(f"{len(names)} {words} ({', '.join(names[:3])}{more})")
        return f"{self.loaded_count} connections are loaded; of the others, {'; '.join(said)}."


_WORDS: Final[Mapping[DecisionKind, str]] = {
    "open": "to be loaded now",
    "loading": "being loaded",
    "backing_off": "to be tried again soon after a load that did not succeed",
    "waiting": "still in the API's own sync",
    "needs_update": "until the merchant logs in again",
    "disabled": "disabled until the merchant acts",
    "unreadable": "that could not be read",
}


async def look(
    source: Source,
    lake: Lake,
    cursor: Cursor,
    *,
    history_start: date,
    in_flight: Collection[str],
    is_used: Callable[[str], bool],
    now: datetime,
    budget_s: float = BUDGET_S,
    most_asked: int = MOST_ASKED,
) -> Opening:
    """Ask those whose turn it is and decide about each.

    `in_flight`: connections that a run is loading; `is_used`: whether a run of this key has ended; `now`: the time of
    the computer, by which attempts are spaced. One connection's fault is its decision; that the list cannot be read,
    or the client's credentials are refused, is an `ApiError`.
    """
    deadline = asyncio.get_running_loop().time() + budget_s
    try:
        async with asyncio.timeout_at(deadline):
            listed = await source.connections()
    except TimeoutError:
        raise TransientError(
            f"The API did not list the connections within {budget_s:g} s.", Exchange(contract.CONNECTIONS)
        ) from None
    loaded, broken = await asyncio.to_thread(_loaded, lake, listed, history_start)
    pending = [one for one in listed if one.id not in loaded and one.id not in broken]
    decisions = [Decision(one.id, _name(one), "unreadable", broken[one.id]) for one in listed if one.id in broken]
    decisions += [early for one in pending if (early := without_asking(one, cursor, in_flight, now))]
    decided = {decision.connection_id for decision in decisions}
    turn = in_turn([one for one in pending if one.id not in decided], cursor.after)[:most_asked]
    asked = await _ask(source, turn, deadline)
    decisions += [of_status(described) for described in asked]
    attempts = {one.id: cursor.attempts[one.id] for one in pending if one.id in cursor.attempts}
    after = asked[-1].connection.id if asked else cursor.after
    opened = [decision for decision in decisions if decision.kind == "open"]
    if not opened:
        return Opening(decisions, len(loaded), Cursor(after=after, attempts=attempts))
    load = tuple(sorted(decision.connection_id for decision in opened))
    generations, run_key = next_key(load, attempts, is_used)
    attempts |= {connection_id: Attempt(generation, now) for connection_id, generation in generations.items()}
    told = [decision.oldest for decision in opened if decision.oldest is not None]
    oldest = min(told) if len(told) == len(opened) else None
    return Opening(decisions, len(loaded), Cursor(after=after, attempts=attempts), load, run_key, oldest)


def is_loaded(ledger: Ledger | None, history_start: date) -> bool:
    """Whether the connection's whole history from `history_start` on was on disk at some time."""
    if ledger is None or ledger.history_loaded_at is None:
        return False
    return plan.has_history(ledger, history_start, ledger.history_loaded_at)


def in_turn(pending: Sequence[Connection], after: str) -> list[Connection]:
    """Those whose id comes after `after` first, then the others, each part in order."""
    ordered = sorted(pending, key=lambda connection: connection.id)
    return [one for one in ordered if one.id > after] + [one for one in ordered if one.id <= after]


def without_asking(
    connection: Connection, cursor: Cursor, in_flight: Collection[str], now: datetime
) -> Decision | None:
    """The decision about a connection whose status does not matter now; null: ask."""
    name = _name(connection)
    if connection.id in in_flight:
        return Decision(connection.id, name, "loading", "A run is loading it.")
    attempt = cursor.attempts.get(connection.id)
    if attempt is None:
        return None
    left = backoff(attempt.generation) - (now - attempt.asked_at)
    if timedelta() < left <= 2 * LONGEST_BACKOFF:  # more is left only where the clock has jumped back
        due = now + left
        message = f"Load {attempt.generation} ended without its whole history; the next is due at {due:%H:%M:%S} UTC."
        return Decision(connection.id, name, "backing_off", message)
    return None


def of_status(described: Described) -> Decision:
    """The decision about a connection by what the API says of it."""
    connection, name = described.connection, _name(described.connection)
    if described.gate is None or described.status is None:
        return Decision(connection.id, name, "unreadable", str(described.error))
    oldest = instant(described.status.historical_sync_status.transactions_total.oldest_entity_date)
    return Decision(connection.id, name, described.gate.kind, described.gate.message, oldest and oldest.date())


def backoff(generation: int) -> timedelta:
    """How long to wait after a load of this generation was asked for: a minute, doubled each time, an hour at most."""
    return min(FIRST_BACKOFF * (1 << min(generation - 1, 10)), LONGEST_BACKOFF)


def next_key(
    load: Sequence[str], attempts: Mapping[str, Attempt], is_used: Callable[[str], bool]
) -> tuple[dict[str, int], str]:
    """The generations of this request and its key, which no run that has ended carries: such a key never runs again."""
    generations = {one: attempts[one].generation + 1 if one in attempts else 1 for one in load}
    while is_used(run_key := _key(generations)):
        generations = {one: generation + 1 for one, generation in generations.items()}
    return generations, run_key


def _key(generations: Mapping[str, int]) -> str:
    named = ",".join(f"{connection_id}#{generation}" for connection_id, generation in sorted(generations.items()))
    return f"history-{hashlib.sha256(named.encode()).hexdigest()[:16]}"


async def _ask(source: Source, turn: Sequence[Connection], deadline: float) -> list[Described]:
    """The statuses of as many as the time allows, in order."""
    asked: list[Described] = []
    for start in range(0, len(turn), CONCURRENT):
        if asyncio.get_running_loop().time() >= deadline:
            break
        group = turn[start : start + CONCURRENT]
        asked += await side_by_side(_ask_one(source, connection, deadline) for connection in group)
    return asked


async def _ask_one(source: Source, connection: Connection, deadline: float) -> Described:
    try:
        async with asyncio.timeout_at(deadline):
            return await describe(source, connection)
    except TimeoutError:
        error = TransientError("The API did not answer in time.", Exchange(contract.CONNECTION_STATUS))
        return Described(connection, None, None, error)


def _name(connection: Connection) -> str:
    return connection.name or connection.platform


def _loaded(lake: Lake, listed: Sequence[Connection], history_start: date) -> tuple[set[str], dict[str, str]]:
    """The ids of those that are loaded, and why, by id, for those whose ledger cannot be read."""
    loaded, broken = set(), {}
    for connection in listed:
        try:
            if is_loaded(lake.ledger(connection.id), history_start):
                loaded.add(connection.id)
        except LakeError as error:
            broken[connection.id] = str(error)
    return loaded, broken

"""The ledger: what is covered of each connection, one small JSON file each.

It is what makes an interrupted load resume, what separates "no sales" from "not loaded", and what a sensor asks
before it asks the API. Instants are UTC.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final, Literal

import msgspec

from rutter_assets.errors import NOT_JSON, LakeError
from rutter_assets.lake import layout

FORMAT: Final = 1


class Covered(msgspec.Struct, frozen=True, order=True):
    """Everything created in `start <= t < end` was read at `read_at`; what came after `read_at` was not yet there."""

    start: datetime
    end: datetime
    read_at: datetime


class StagedWindow(msgspec.Struct, frozen=True):
    """A window that is read and on disk in the staging files `paths`, but not yet in the day files.

    It was read by `created_at`, and then covers `start <= t < end`, or by `updated_at`, and then takes the connection's
    watermark to `watermark`. `days`: the first and the last day of its rows; null without rows. What was read with
    `force_fetch` is provisional: it is stored, and covers nothing.
    """

    start: datetime
    end: datetime
    read_at: datetime
    paths: tuple[str, ...]
    rows: int
    by: Literal["created_at", "updated_at"] = "created_at"
    is_provisional: bool = False
    watermark: datetime | None = None
    days: tuple[date, date] | None = None

    @property
    def may_change(self) -> tuple[date, date] | None:
        """The first and the last day whose files its commit may change; null: none."""
        if self.by == "updated_at":
            return self.days
        return self.start.date(), (self.end - timedelta(microseconds=1)).date()


class LastOutcome(msgspec.Struct, frozen=True):
    """How the last sync of the connection ended: `kind` as in `ingest.report`, and its sentence."""

    at: datetime
    kind: str
    message: str


class Ledger(msgspec.Struct, frozen=True, kw_only=True):
    """One connection's ledger.

    `history_loaded_at` is when everything from the configured start up to then was first on disk; null: never yet.
    `watermark`: every change that the API knew of up to then is on disk; null: before the history is.
    """

    format: int = FORMAT
    connection_id: str
    platform: str
    history_loaded_at: datetime | None = None
    watermark: datetime | None = None
    covered: tuple[Covered, ...] = ()
    staged: tuple[StagedWindow, ...] = ()
    last_outcome: LastOutcome | None = None


def cover(covered: Iterable[Covered], new: Covered) -> tuple[Covered, ...]:
    """The coverage with `new` in it: of two reads of one time the later counts; in order, without overlaps."""
    pieces = sorted(covered)
    cuts = sorted({instant for piece in (*pieces, new) for instant in (piece.start, piece.end)})
    result: list[Covered] = []
    for start, end in pairwise(cuts):
        reads = [piece.read_at for piece in (*pieces, new) if piece.start <= start and end <= piece.end]
        if not reads:
            continue
        last = result[-1] if result else None
        if last is not None and last.end == start and last.read_at == max(reads):
            result[-1] = Covered(last.start, end, last.read_at)
        else:
            result.append(Covered(start, end, max(reads)))
    return tuple(result)


def encode(ledger: Ledger) -> bytes:
    """The ledger as indented JSON, to be read by people too."""
    return msgspec.json.format(msgspec.json.encode(ledger), indent=1) + b"\n"


def decode(content: bytes, path: str) -> Ledger:
    """The ledger of a file; one that is broken or of another format is a `LakeError` that names it and the mend."""
    try:
        ledger = msgspec.json.decode(content, type=Ledger)
        pieces: list[Covered | StagedWindow] = [*ledger.covered, *ledger.staged]
        instants = [i for piece in pieces for i in (piece.start, piece.end, piece.read_at)]
        instants += [i for i in (ledger.history_loaded_at, ledger.watermark) if i is not None]
        if ledger.format != FORMAT or any(i.utcoffset() != timedelta(0) for i in instants):
            raise msgspec.ValidationError("another format")
        if any(piece.start >= piece.end for piece in pieces):
            raise msgspec.ValidationError("it covers a time that ends before its start")
        if layout.ledger(ledger.connection_id) != path:
            raise msgspec.ValidationError("it is of another connection")
        if not all(layout.is_staged(staged, ledger.connection_id) for w in ledger.staged for staged in w.paths):
            raise msgspec.ValidationError("it names files that are none of its own")
    except (*NOT_JSON, LakeError) as error:
        raise LakeError(
            f"{path} is not a ledger of this version ({error}): remove it, and its merchant is read again in full."
        ) from None
    return ledger

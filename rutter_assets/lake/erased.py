"""Whom this lake must not hold any more: `erased.json`, with the SHA-256 of each erased connection's id, and no id.

Who opened the lake before a change of that file may still have the merchant in memory. So every write looks first
whether the file is still what it was when the lake was opened; if not, it is refused, and the run ends with a sentence.
"""

import hashlib
from collections.abc import Callable
from typing import Final

import msgspec

from rutter_assets.errors import NOT_JSON, LakeError
from rutter_assets.lake.storage import Storage

PATH: Final = "erased.json"


class Erasures(msgspec.Struct, frozen=True):
    """The file: hashes of ids, and a `round` that grows whenever all who have the lake open shall open it again."""

    connections: tuple[str, ...] = ()
    round: int = 0


class Erased:
    """The erasures as they were when the lake was opened."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._seen = storage.read(PATH)
        self._hashes = frozenset(_decode(self._seen).connections)

    def __contains__(self, connection_id: object) -> bool:
        return isinstance(connection_id, str) and bool(self._hashes) and _hash(connection_id) in self._hashes

    def add(self, connection_id: str) -> None:
        """From now on nothing is written of the connection: by who opens the lake later, or has it open now."""
        self._change(lambda hashes: hashes | {_hash(connection_id)})

    def lift(self, connection_id: str) -> None:
        """The connection may be read again."""
        if connection_id in self:
            self._change(lambda hashes: hashes - {_hash(connection_id)})

    def renew(self) -> None:
        """Refuse what anybody else writes who has the lake open now."""
        self._change(lambda hashes: hashes)

    def refuse_if_outdated(self) -> None:
        """The guard of the storage: a `LakeError` once somebody else has changed the file."""
        if self._storage.read(PATH) != self._seen:
            raise LakeError("A merchant was erased from RUTTER_LAKE while this run was at work: run it again.")

    def _change(self, change: Callable[[frozenset[str]], frozenset[str]]) -> None:
        def changed(content: bytes | None) -> bytes:
            old = _decode(content)
            new = Erasures(tuple(sorted(change(frozenset(old.connections)))), old.round + 1)
            self._hashes = frozenset(new.connections)
            self._seen = msgspec.json.encode(new) + b"\n"
            return self._seen

        guard, self._storage.guard = self._storage.guard, lambda: None
        try:
            self._storage.change(PATH, changed)
        finally:
            self._storage.guard = guard
        self._storage.wait_for_writers()


def _hash(connection_id: str) -> str:
    return hashlib.sha256(connection_id.encode()).hexdigest()


def _decode(content: bytes | None) -> Erasures:
    try:
        return Erasures() if content is None else msgspec.json.decode(content, type=Erasures)
    except NOT_JSON:
        raise LakeError(
            f"{PATH} in RUTTER_LAKE is broken: bring it back from a backup, or remove it and erase its merchants again."
        ) from None

"""Bytes of the API's answers → typed values, with whatever the contract does not name kept apart.

The fast path decodes a page with a decoder that refuses unknown fields. When it refuses, the page is read again
tolerantly and the unknown fields of each row are kept as the JSON text that was sent: nothing is dropped.
"""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, TypeVar

import msgspec
from pydantic import SecretStr

from rutter_assets.errors import NOT_JSON, ContractError, Exchange, TransactionError, TransientError
from rutter_assets.rutter.types import (
    Connection,
    ConnectionList,
    ConnectionStatus,
    DisabledStatus,
    EntityTotal,
    HistoricalSyncStatus,
    NeedsUpdateStatus,
    PageConnection,
    Transaction,
    TransactionPage,
)

T = TypeVar("T")
Body = bytes | memoryview
"""An answer's bytes; the client gives a view, whose `repr` shows none of them where a traceback prints variables."""

_LOOKED_AT_BYTES: Final = 64
"""Of an answer that is no JSON, to tell a damaged one from a web page."""
_MOST_REMEMBERED: Final = 100
_MOST_LISTED: Final = 20
_MOST_SHOWN: Final = 80
"""Characters of a name; an id has 36."""


@dataclass
class Novelties:
    """Fields and enum values that the contract does not name, met in one run; reported once, kept in the lake.

    Of each kind so many are remembered as tell what is new; what the API sends may be anything, at any length.
    """

    fields: set[str] = field(default_factory=set)
    values: dict[str, set[str]] = field(default_factory=dict)

    def note_value(self, name: str, value: str) -> None:
        """Remember one unknown `value` of the enum field `name`."""
        values = self.values.setdefault(name, set())
        if len(values) < _MOST_REMEMBERED:
            values.add(shown(value))

    def note_fields(self, names: Iterable[str]) -> None:
        """Remember unknown fields, each with the object it is in."""
        self.fields.update(islice(map(shown, names), _MOST_REMEMBERED - len(self.fields)))

    def sentences(self) -> list[str]:
        """One sentence for the unknown fields and one for each enum; empty when there is nothing new."""
        said = []
        if self.fields:
            said.append(f"The API sent fields that its contract does not name: {_listed(self.fields)}.")
        for name, values in sorted(self.values.items()):
            said.append(f"The API sent values of {name} that its contract does not name: {_listed(values)}.")
        return said


def shown(text: str) -> str:
    """What the API sent, fit for a line of a log: not longer than a name is, and printable."""
    text = text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)


def _listed(names: Set[str]) -> str:
    more = f" and {len(names) - _MOST_LISTED} more" if len(names) > _MOST_LISTED else ""
    return ", ".join(sorted(names)[:_MOST_LISTED]) + more


@dataclass(frozen=True)
class Page:
    """One page of transactions.

    `unknown_fields` maps a row's position to the JSON object of those of its fields that the contract does not name.
    """

    rows: list[Transaction]
    next_cursor: str | None
    unknown_fields: Mapping[int, str]
    size_bytes: int
    exchange: Exchange


class _StrictTransaction(Transaction, frozen=True, gc=False, forbid_unknown_fields=True):
    pass


class _StrictPage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    transactions: list[_StrictTransaction]
    next_cursor: str | None = None
    connection: PageConnection | None = None


class _RawPage(msgspec.Struct, frozen=True):
    transactions: list[dict[str, msgspec.Raw]]


class _RawRows(msgspec.Struct, frozen=True):
    transactions: list[msgspec.Raw]


class _RawConnections(msgspec.Struct, frozen=True):
    connections: list[msgspec.Raw]


class _Id(msgspec.Struct, frozen=True):
    id: str


class _StatusEnvelope(msgspec.Struct, frozen=True):
    status: ConnectionStatus
    connection: PageConnection | None = None


def _from_text(wanted: type, value: Any) -> Any:
    if wanted is SecretStr and isinstance(value, str):
        return SecretStr(value)
    raise TypeError("Expected `str`")


_STRICT_PAGE: Final = msgspec.json.Decoder(_StrictPage)
_PAGE: Final = msgspec.json.Decoder(TransactionPage)
_RAW_PAGE: Final = msgspec.json.Decoder(_RawPage)
_RAW_ROWS: Final = msgspec.json.Decoder(_RawRows)
_ROW: Final = msgspec.json.Decoder(Transaction)
_ID: Final = msgspec.json.Decoder(_Id)
_ANYTHING: Final[msgspec.json.Decoder[Any]] = msgspec.json.Decoder()
_ENVELOPE_KEYS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_CONNECTIONS: Final = msgspec.json.Decoder(ConnectionList, dec_hook=_from_text)
_RAW_CONNECTIONS: Final = msgspec.json.Decoder(_RawConnections)
_CONNECTION: Final = msgspec.json.Decoder(Connection, dec_hook=_from_text)
_STATUS: Final = msgspec.json.Decoder(_StatusEnvelope, dec_hook=_from_text)
_FLAT_STATUS: Final = msgspec.json.Decoder(ConnectionStatus, dec_hook=_from_text)

_TRANSACTION_FIELDS: Final = frozenset(Transaction.__struct_fields__)
_STATUS_TYPES: Final[dict[str, type[msgspec.Struct]]] = {
    "needs_update_status": NeedsUpdateStatus,
    "disabled_status": DisabledStatus,
    "historical_sync_status": HistoricalSyncStatus,
}


def decode_page(body: Body, exchange: Exchange, novelties: Novelties) -> Page:
    """One page of `GET /transactions`.

    A body of another shape is a `ContractError`, a row that is no transaction a `TransactionError` that names it, and
    JSON that breaks off a `TransientError`.
    """
    try:
        strict = _STRICT_PAGE.decode(body)
        return Page(list(strict.transactions), strict.next_cursor, {}, len(body), exchange)
    except NOT_JSON:
        pass  # an unknown field, or a real violation: the tolerant decoder below tells them apart
    try:
        page = _decoded(_PAGE, body, exchange)
    except ContractError:
        _check_rows(body, exchange)
        raise
    unknown = {}
    for position, row in enumerate(_decoded(_RAW_PAGE, body, exchange).transactions):
        extra = {name: value for name, value in row.items() if name not in _TRANSACTION_FIELDS}
        if extra:
            unknown[position] = _text(msgspec.json.encode(extra), exchange)
            novelties.note_fields(f"transaction.{name}" for name in extra)
    envelope = _decoded(_ENVELOPE_KEYS, body, exchange)
    novelties.note_fields(f"page.{name}" for name in envelope.keys() - set(TransactionPage.__struct_fields__))
    return Page(page.transactions, page.next_cursor, unknown, len(body), exchange)


def decode_connections(body: Body, exchange: Exchange, novelties: Novelties) -> list[Connection]:
    """The connections of `GET /connections`; a body of another shape is a `ContractError` that names the connection."""
    try:
        connections = _decoded(_CONNECTIONS, body, exchange).connections
    except ContractError:
        _check_connections(body, exchange)
        raise
    for item in _decoded(_ANYTHING, body, exchange)["connections"]:
        _note_unknown(item, Connection, "connection", novelties)
    return connections


def decode_status(body: Body, exchange: Exchange, novelties: Novelties) -> ConnectionStatus:
    """The status of `GET /connections/status`, wrapped as the SDK types it or flat as the seed page prints it."""
    wrapped = "status" in _decoded(_ENVELOPE_KEYS, body, exchange)
    status = _decoded(_STATUS, body, exchange).status if wrapped else _decoded(_FLAT_STATUS, body, exchange)
    raw = _decoded(_ANYTHING, body, exchange)
    raw = raw["status"] if wrapped else raw
    _note_unknown(raw, ConnectionStatus, "status", novelties)
    for name, struct in _STATUS_TYPES.items():
        _note_unknown(raw.get(name), struct, f"status.{name}", novelties)
    for total in ((raw.get("historical_sync_status") or {}).get("total") or {}).values():
        _note_unknown(total, EntityTotal, "status.historical_sync_status.total", novelties)
    return status


def _note_unknown(raw: Any, struct: type[msgspec.Struct], name: str, novelties: Novelties) -> None:
    if isinstance(raw, dict):
        novelties.note_fields(f"{name}.{key}" for key in raw.keys() - set(struct.__struct_fields__))


def _check_rows(body: Body, exchange: Exchange) -> None:
    """A `TransactionError` for the first row that is no transaction."""
    broken = _first_broken(_decoded(_RAW_ROWS, body, exchange).transactions, _ROW)
    if broken is not None:
        position, row_id, why = broken
        who = row_id or f"number {position} of a page"
        raise TransactionError(f"Transaction {who} is not what the API's contract says: {why}.", exchange)


def _check_connections(body: Body, exchange: Exchange) -> None:
    """A `ContractError` for the first item that is no connection."""
    broken = _first_broken(_decoded(_RAW_CONNECTIONS, body, exchange).connections, _CONNECTION)
    if broken is not None:
        position, connection_id, why = broken
        who = connection_id or f"number {position} of the list"
        raise ContractError(
            f"Connection {who} is not what the API's contract says: {why}. Nothing is read before Rutter mends it, or"
            " the connection is deleted.",
            exchange,
        )


def _first_broken(items: list[msgspec.Raw], decoder: msgspec.json.Decoder[Any]) -> tuple[int, str | None, str] | None:
    """The place, from 1, of the first item that cannot be decoded, its id where it has one, and why; null: none."""
    for position, item in enumerate(items, start=1):
        try:
            decoder.decode(item)
        except NOT_JSON as error:
            return position, _id_of(item), str(error)
    return None


def _id_of(item: msgspec.Raw) -> str | None:
    try:
        return shown(_ID.decode(item).id)
    except NOT_JSON:
        return None


def _text(raw: bytes, exchange: Exchange) -> str:
    """What was sent within a field that nobody has looked into, whose bytes may be no text."""
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise ContractError(f"The API's answer is not what its contract says: {error}", exchange) from None


def _decoded(decoder: msgspec.json.Decoder[T], body: Body, exchange: Exchange) -> T:
    """The typed body; an object that breaks off was damaged on its way, anything else is a breach of the contract."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise ContractError(f"The API's answer is not what its contract says: {error}.", exchange) from None
    except RecursionError:
        raise ContractError("The API's answer is not what its contract says: it nests without end.", exchange) from None
    except NOT_JSON:
        if bytes(body[:_LOOKED_AT_BYTES]).lstrip().startswith(b"{"):
            raise TransientError("The API's answer was damaged on its way: its JSON breaks off.", exchange) from None
        raise ContractError("The answer is no JSON, so it is not the API's: check RUTTER_BASE_URL.", exchange) from None

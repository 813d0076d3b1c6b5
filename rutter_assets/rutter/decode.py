"""Bytes of the API's answers → typed values, with whatever the contract does not name kept apart.

The fast path decodes a page with a decoder that refuses unknown fields. When it refuses, the page is read again
tolerantly and the unknown fields of each row are kept as the JSON text that was sent: nothing is dropped.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import msgspec
from pydantic import SecretStr

from rutter_assets.errors import NOT_JSON, ContractError, Exchange
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


@dataclass
class Novelties:
    """Fields and enum values that the contract does not name, met in one run; reported once, kept in the lake."""

    fields: set[str] = field(default_factory=set)
    values: dict[str, set[str]] = field(default_factory=dict)

    def note_value(self, name: str, value: str) -> None:
        """Remember one unknown `value` of the enum field `name`."""
        self.values.setdefault(name, set()).add(value)

    def sentences(self) -> list[str]:
        """One sentence for the unknown fields and one for each enum; empty when there is nothing new."""
        said = []
        if self.fields:
            said.append(f"The API sent fields that its contract does not name: {', '.join(sorted(self.fields))}.")
        for name, values in sorted(self.values.items()):
            said.append(f"The API sent values of {name} that its contract does not name: {', '.join(sorted(values))}.")
        return said


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


class _StatusEnvelope(msgspec.Struct, frozen=True):
    status: ConnectionStatus
    connection: PageConnection | None = None


def _from_text(wanted: type, value: Any) -> Any:
    if wanted is SecretStr and isinstance(value, str):
        return SecretStr(value)
    raise TypeError(f"Expected `{wanted.__name__}`")


_STRICT_PAGE: Final = msgspec.json.Decoder(_StrictPage)
_PAGE: Final = msgspec.json.Decoder(TransactionPage)
_RAW_PAGE: Final = msgspec.json.Decoder(_RawPage)
_ANYTHING: Final[msgspec.json.Decoder[Any]] = msgspec.json.Decoder()
_ENVELOPE_KEYS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_CONNECTIONS: Final = msgspec.json.Decoder(ConnectionList, dec_hook=_from_text)
_STATUS: Final = msgspec.json.Decoder(_StatusEnvelope, dec_hook=_from_text)
_FLAT_STATUS: Final = msgspec.json.Decoder(ConnectionStatus, dec_hook=_from_text)

_TRANSACTION_FIELDS: Final = frozenset(Transaction.__struct_fields__)
_STATUS_TYPES: Final[dict[str, type[msgspec.Struct]]] = {
    "needs_update_status": NeedsUpdateStatus,
    "disabled_status": DisabledStatus,
    "historical_sync_status": HistoricalSyncStatus,
}


def decode_page(body: Body, exchange: Exchange, novelties: Novelties) -> Page:
    """One page of `GET /transactions`; a body of another shape is a `ContractError`."""
    try:
        strict = _STRICT_PAGE.decode(body)
        return Page(list(strict.transactions), strict.next_cursor, {}, len(body), exchange)
    except NOT_JSON:
        pass  # an unknown field, or a real violation: the tolerant decoder below tells them apart
    page = _decoded(_PAGE, body, exchange)
    unknown = {}
    for position, row in enumerate(_decoded(_RAW_PAGE, body, exchange).transactions):
        extra = {name: value for name, value in row.items() if name not in _TRANSACTION_FIELDS}
        if extra:
            unknown[position] = _text(msgspec.json.encode(extra), exchange)
            novelties.fields.update(f"transaction.{name}" for name in extra)
    envelope = _decoded(_ENVELOPE_KEYS, body, exchange)
    novelties.fields.update(f"page.{name}" for name in envelope.keys() - set(TransactionPage.__struct_fields__))
    return Page(page.transactions, page.next_cursor, unknown, len(body), exchange)


def decode_connections(body: Body, exchange: Exchange, novelties: Novelties) -> list[Connection]:
    """The connections of `GET /connections`; a body of another shape is a `ContractError`."""
    connections = _decoded(_CONNECTIONS, body, exchange).connections
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
        novelties.fields.update(f"{name}.{key}" for key in raw.keys() - set(struct.__struct_fields__))


def _text(raw: bytes, exchange: Exchange) -> str:
    """What was sent within a field that nobody has looked into, whose bytes may be no text."""
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise ContractError(f"The API's answer is not what its contract says: {error}", exchange) from None


def _decoded(decoder: msgspec.json.Decoder[T], body: Body, exchange: Exchange) -> T:
    try:
        return decoder.decode(body)
    except NOT_JSON as error:
        raise ContractError(f"The API's answer is not what its contract says: {error}", exchange) from None

"""A snapshot of all connections: what the API says of each one at one instant, and who must act."""

import asyncio
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import pyarrow as pa
from pydantic import SecretStr

from rutter_assets.errors import ApiError, CredentialError
from rutter_assets.ingest.gate import Gate, gate_of
from rutter_assets.ingest.source import Source
from rutter_assets.lake.tables import CONNECTIONS
from rutter_assets.rutter.types import Connection, ConnectionStatus

T = TypeVar("T")


@dataclass(frozen=True)
class Described:
    """One connection, its status and its gate; both null when the status could not be read, and why in `error`."""

    connection: Connection
    status: ConnectionStatus | None
    gate: Gate | None
    error: ApiError | None

    @property
    def link_url(self) -> SecretStr | None:
        """The link by which the merchant logs in again: a bearer secret, shown only where a person acts on it."""
        return (self.status and self.status.link_url) or self.connection.link_url


@dataclass(frozen=True)
class Snapshot:
    """All connections at `taken_at`, ordered by id."""

    taken_at: datetime
    connections: list[Described]

    @property
    def table(self) -> pa.Table:
        """The snapshot as rows of the table `connections`; it holds no token and no link."""
        return pa.Table.from_pylist([_row(self.taken_at, item) for item in self.connections], CONNECTIONS.schema)


async def take_snapshot(source: Source) -> Snapshot:
    """Ask the API for all connections and each one's status; a status that fails is that connection's trouble."""
    listed = sorted(await source.connections(), key=lambda connection: connection.id)
    taken_at = source.now()
    return Snapshot(taken_at, await side_by_side(describe(source, connection) for connection in listed))


async def describe(source: Source, connection: Connection) -> Described:
    """One connection's status and gate; that the client's own credentials are refused is a `CredentialError`."""
    try:
        status = await source.client.status(connection)
    except CredentialError:
        raise
    except ApiError as error:
        return Described(connection, None, None, error)
    return Described(connection, status, gate_of(status), None)


async def side_by_side(asking: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """What each of them gives, in order; the first error ends the others and is raised."""
    try:
        async with asyncio.TaskGroup() as tasks:
            asked = [tasks.create_task(one) for one in asking]
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [one.result() for one in asked]


def _row(taken_at: datetime, item: Described) -> dict[str, object]:
    row: dict[str, object] = {
        "snapshot_at": taken_at,
        "connection_id": item.connection.id,
        "platform": item.connection.platform,
        "name": item.connection.name,
        "status": item.connection.status,
        "created_at": instant(item.connection.created_at),
    }
    if item.status is not None:
        history = item.status.historical_sync_status
        disabled = item.status.disabled_status
        row |= {
            "is_ready": item.status.is_ready,
            "historical_sync_completed": history.historical_sync_completed,
            "needs_update": item.status.needs_update_status.needs_update,
            "is_disabled": disabled.is_disabled,
            "disabled_reason": disabled.disabled_reason if disabled.is_disabled else None,
            "synced_transactions": history.transactions_synced,
            "oldest_transaction_at": instant(history.transactions_total.oldest_entity_date),
            "newest_transaction_at": instant(history.transactions_total.newest_entity_date),
            "last_sync_completed_at": instant(item.status.last_sync_completed_at),
        }
    return row


def instant(text: str | None) -> datetime | None:
    """The instant of an ISO 8601 text, UTC where it names no offset; null for null and for what is no instant."""
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError):  # the latter where its year in UTC is 0 or 10000
        return None

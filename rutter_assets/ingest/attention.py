"""Who must act before a merchant's data flows again, and what they must do."""

from dataclasses import dataclass

from pydantic import SecretStr

from rutter_assets.ingest.snapshot import Snapshot


@dataclass(frozen=True)
class Attention:
    """One merchant that must act: `message` says what to do; `link_url` is a bearer secret, null where none is told."""

    connection_id: str
    name: str
    platform: str
    kind: str
    message: str
    link_url: SecretStr | None


def attention_of(snapshot: Snapshot) -> list[Attention]:
    """The connections that need update or are disabled, in order of their ids."""
    return [
        Attention(
            item.connection.id,
            item.connection.name or item.connection.platform,
            item.connection.platform,
            item.gate.kind,
            item.gate.message,
            item.link_url,
        )
        for item in snapshot.connections
        if item.gate is not None and item.gate.kind in ("needs_update", "disabled")
    ]

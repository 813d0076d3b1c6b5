"""One connection of the sandbox: who it is, what happens to it, where its rows come from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from rutter_assets.sandbox.given import GivenRow, GivenRows
from rutter_assets.sandbox.identity import uuid_of
from rutter_assets.sandbox.lifecycle import Batch, Lifecycle, Outage, Status
from rutter_assets.sandbox.moment import from_ms
from rutter_assets.sandbox.version import Source

__all__ = ["Merchant"]

_LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)
_FAR_AWAY = datetime(2999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, eq=False)
class Merchant:
    """A connection and everything the sandbox knows about it. `id` is the connection's id; `platform` as sent."""

    id: str
    access_token: str
    platform: str
    name: str
    lifecycle: Lifecycle
    source: Source
    counter_key: str = "synced_transactions_count"
    """How the status body spells the transaction counter: the API's specifications write it this way, its
    documentation page `synced_transaction_count`. Clients must accept both."""

    @classmethod
    def of(
        cls,
        rows: Iterable[GivenRow] = (),
        *,
        name: str = "Given Merchant (sample)",
        platform: str = "SHOPIFY",
        id: str | None = None,  # noqa: A002 - the API's own word
        access_token: str | None = None,
        status: Status = "active",
        disabled_reason: str | None = None,
        connected_at: datetime = _LONG_AGO,
        ready_at: datetime | None = None,
        batches: Sequence[Batch] = (),
        outages: Sequence[Outage] = (),
        sync_period: timedelta = timedelta(milliseconds=1),
        counter_key: str = "synced_transactions_count",
    ) -> Self:
        """A merchant with the given rows, for tests; see `given.given_row` for what a row may be.

        By default it is ready, complete and synced at every millisecond. `id` and `access_token` are derived from
        `name` where they are not given. `status` is a shortcut for a state that always was and lasts for ever, so in
        trouble nothing was ever synced; what is to change with the clock is said with `ready_at`, `batches` and
        `outages`. `disabled_reason` is for status `disabled`.
        """
        if status == "not_ready":
            ready_at = _FAR_AWAY
        elif status != "active":
            reason = disabled_reason or "UNKNOWN" if status == "disabled" else None
            outages = (*outages, Outage(status, connected_at, None, reason))
        return cls(
            id=id or uuid_of("given", name, "connection"),
            access_token=access_token or uuid_of("given", name, "access_token"),
            platform=platform,
            name=name,
            lifecycle=Lifecycle(connected_at, ready_at or connected_at, tuple(batches), tuple(outages), sync_period),
            source=GivenRows(rows),
            counter_key=counter_key,
        )

    @property
    def link_url(self) -> str:
        """Where the merchant would log in again. It leads nowhere."""
        return f"https://link.rutter.example/{self.id}"

    def is_served(self, now: datetime) -> bool:
        """Whether the data calls answer without `force_fetch`."""
        return self.status(now) in ("active", "unhealthy")

    def status(self, now: datetime) -> Status:
        """The connection's status word at `now`."""
        return self.lifecycle.status((now - from_ms(0)) // timedelta(milliseconds=1))

"""The API's answers as typed values.

Every field that the contract calls optional has a default, unknown fields are kept apart (see `decode.py`), enums
are plain strings: a value we have not met is data, not an error. Sources: [seed] and [sdk], see `contract.py`.
"""

from decimal import Decimal
from typing import Final

import msgspec
from pydantic import SecretStr

NULL: Final = msgspec.Raw(b"null")


class Connection(msgspec.Struct, frozen=True):
    """A merchant's connection. `access_token` and `link_url` are bearer secrets: `repr` hides them."""

    id: str
    access_token: SecretStr
    platform: str
    link_url: SecretStr | None = None
    status: str | None = None
    name: str | None = None
    created_at: str | None = None
    updated_at: str | None = None


class ConnectionList(msgspec.Struct, frozen=True):
    """The body of `GET /connections`."""

    connections: list[Connection]


class NeedsUpdateStatus(msgspec.Struct, frozen=True):
    """True: the merchant uninstalled the app or revoked its access, or the platform is out; send `link_url`."""

    needs_update: bool = False


class DisabledStatus(msgspec.Struct, frozen=True):
    """`disabled_reason` is null unless disabled; the text `null` counts as null (an artefact of the vendor's SDK)."""

    is_disabled: bool = False
    disabled_reason: str | None = None


class EntityTotal(msgspec.Struct, frozen=True):
    """How far one kind of object is synced. A null count means that the platform does not support the object."""

    oldest_entity_date: str | None = None
    newest_entity_date: str | None = None
    synced_count: int | None = None
    ready: bool | None = None


class HistoricalSyncStatus(msgspec.Struct, frozen=True):
    """The progress of the historical sync; counts above 1,000,000 are estimates."""

    historical_sync_completed: bool
    total: dict[str, EntityTotal] | None = None
    num_batches_completed: int | None = None
    synced_orders_count: int | None = None
    synced_transactions_count: int | None = None
    synced_transaction_count: int | None = None
    synced_balance_sheets_count: int | None = None
    synced_cash_flows_count: int | None = None
    synced_income_statements_count: int | None = None
    batches: msgspec.Raw = NULL
    expected_entity_counts: msgspec.Raw = NULL
    estimated_completed_at: str | None = None

    @property
    def transactions_synced(self) -> int | None:
        """The count of synced transactions under either of its two spellings; null: not supported or not told."""
        if self.synced_transactions_count is not None:
            return self.synced_transactions_count
        return self.synced_transaction_count

    @property
    def transactions_total(self) -> EntityTotal:
        """The entry of `total` for transactions; its key's name is not documented, so both numbers are accepted."""
        total = self.total or {}
        return total.get("transactions") or total.get("transaction") or EntityTotal()


class ConnectionStatus(msgspec.Struct, frozen=True):
    """What `GET /connections/status` says of one connection."""

    platform: str
    historical_sync_status: HistoricalSyncStatus
    is_ready: bool
    needs_update_status: NeedsUpdateStatus = NeedsUpdateStatus()
    disabled_status: DisabledStatus = DisabledStatus()
    link_url: SecretStr | None = None
    created_at: str | None = None
    is_healthy: bool | None = None
    last_sync_completed_at: str | None = None


class Transaction(msgspec.Struct, frozen=True, gc=False):
    """One money movement, as sent.

    `amount` and `fee` are exact decimals in major units with the platform's sign; the two free-form fields are the
    JSON text that was sent. Timestamps are the ISO 8601 text that was sent.
    """

    id: str
    created_at: str
    updated_at: str
    platform_id: str | None = None
    order_id: str | None = None
    platform_customer_id: str | None = None
    payment_method_type: str | None = None
    status: str | None = None
    type: str | None = None
    amount: Decimal | None = None
    fee: Decimal | None = None
    gateway: str | None = None
    gateway_data: msgspec.Raw = NULL
    iso_currency_code: str | None = None
    platform_type: str | None = None
    description: str | None = None
    platform_data: msgspec.Raw = NULL


class PageConnection(msgspec.Struct, frozen=True):
    """Whose page it is."""

    id: str
    platform: str | None = None
    orgId: str | None = None  # noqa: N815 - the vendor's name


class TransactionPage(msgspec.Struct, frozen=True):
    """The body of `GET /transactions`; a null or absent `next_cursor` ends the walk, nothing else does."""

    transactions: list[Transaction]
    next_cursor: str | None = None
    connection: PageConnection | None = None


class ErrorBody(msgspec.Struct, frozen=True):
    """The body of an error; `error_code` is safe to branch on, `error_message` is not. [docs]"""

    error_type: str | None = None
    error_code: str | None = None
    error_message: str | None = None

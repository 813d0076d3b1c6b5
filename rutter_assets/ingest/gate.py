"""The gate: whether a connection's history may be loaded, by the API's own word."""

from dataclasses import dataclass
from typing import Literal

from rutter_assets.rutter.contract import MERCHANT_MUST
from rutter_assets.rutter.types import ConnectionStatus

GateKind = Literal["open", "waiting", "needs_update", "disabled"]


@dataclass(frozen=True)
class Gate:
    """What the gate says of one connection; `message` is a sentence a person can act on, without any link."""

    kind: GateKind
    message: str


def gate_of(status: ConnectionStatus) -> Gate:
    """Open only when `historical_sync_completed` is true and the connection can be read. Source: the seed page.

    The field `is_ready` does not open it: reads work from then on, while history is still arriving.
    """
    if status.disabled_status.is_disabled:
        reason = status.disabled_status.disabled_reason
        reason = "UNKNOWN" if reason in (None, "null") else reason
        must = MERCHANT_MUST.get(str(reason), MERCHANT_MUST["UNKNOWN"])
        return Gate("disabled", f"Rutter disabled the connection ({reason}); the merchant must {must}.")
    if status.needs_update_status.needs_update:
        return Gate("needs_update", "The merchant must log in again through the connection's link.")
    history = status.historical_sync_status
    if history.historical_sync_completed:
        return Gate("open", "The historical sync is complete.")
    if not status.is_ready:
        return Gate("waiting", "Rutter is still in its initial sync of this merchant.")
    count = history.transactions_synced
    so_far = "" if count is None else f", {count} transactions so far"
    return Gate("waiting", f"Rutter is still in its historical sync of this merchant{so_far}.")

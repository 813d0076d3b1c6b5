"""The gate opens at the API's own word and says what is waited for."""

from typing import Any

import msgspec
import pytest

from rutter_assets.ingest.gate import gate_of
from rutter_assets.rutter.contract import MERCHANT_MUST
from rutter_assets.rutter.types import ConnectionStatus


def status(*, completed: bool = True, ready: bool = True, **fields: Any) -> ConnectionStatus:
    body = {
        "platform": "SHOPIFY",
        "is_ready": ready,
        "historical_sync_status": {"historical_sync_completed": completed, "synced_transactions_count": 12},
    }
    return msgspec.convert(body | fields, ConnectionStatus)


def test_it_opens_when_the_historical_sync_is_complete() -> None:
    assert gate_of(status()).kind == "open"


def test_readiness_alone_does_not_open_it() -> None:
    gate = gate_of(status(completed=False))
    assert (gate.kind, gate.message) == (
        "waiting", "Rutter is still in its historical sync of this merchant, 12 transactions so far."
    )  # fmt: skip


def test_an_initial_sync_waits() -> None:
    assert "initial sync" in gate_of(status(completed=False, ready=False)).message


def test_a_merchant_who_must_log_in_again_is_closed() -> None:
    assert gate_of(status(needs_update_status={"needs_update": True})).kind == "needs_update"


@pytest.mark.parametrize("reason", [*MERCHANT_MUST, "A_NEW_REASON", None, "null"])
def test_a_disabled_connection_says_why_and_what_the_merchant_must_do(reason: str | None) -> None:
    gate = gate_of(status(disabled_status={"is_disabled": True, "disabled_reason": reason}))
    assert gate.kind == "disabled"
    assert MERCHANT_MUST.get(str(reason), MERCHANT_MUST["UNKNOWN"]) in gate.message

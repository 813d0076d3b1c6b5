"""What most tests share: a frozen instant, sandboxes over given rows, clients and lakes."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from rutter_assets.ingest.source import Source
from rutter_assets.lake.lake import Lake
from rutter_assets.rutter.client import RutterClient
from rutter_assets.rutter.pace import ProcessPace
from rutter_assets.sandbox import Clock, Merchant, Sandbox, World

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
"""A Sunday noon; every sandbox of these tests stands still here unless a test moves it."""

ServeWorld = Callable[..., Sandbox]


@pytest.fixture
def serve() -> Iterator[ServeWorld]:
    """Start sandboxes that end with the test: `serve(merchant, ...)`, or `serve(world=...)`."""
    with ExitStack() as stack:

        def start(*merchants: Merchant, world: World | None = None, **options: Any) -> Sandbox:
            options.setdefault("clock", Clock.frozen(NOW))
            sandbox = Sandbox(world or World.of(merchants), **options)
            return stack.enter_context(sandbox)

        yield start


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """An empty lake in a folder of its own."""
    return Lake.open(str(tmp_path / "lake"), buckets=1, source="sandbox")


def client_of(sandbox: Sandbox, *, requests_per_10s: int = 100_000, **options: Any) -> RutterClient:
    """A client of the sandbox, unpaced unless told otherwise."""
    return RutterClient(
        sandbox.base_url,
        sandbox.client_id,
        SecretStr(sandbox.client_secret),
        "2024-08-31",
        ProcessPace(requests_per_10s),
        **{"first_wait_s": 0.01} | options,
    )


def source_of(sandbox: Sandbox, **options: Any) -> Source:
    """A source over the sandbox whose present is the sandbox's."""
    return Source(client_of(sandbox, **options), sandbox.clock.now())


def row(number: int, created_at: str = "2026-10-30T10:00:00.000Z", **fields: object) -> dict[str, object]:
    """A sale as the API sends it, with `fields` changed."""
    return {
        "id": f"transaction-{number:04d}",
        "platform_id": str(number),
        "order_id": f"order-{number}",
        "payment_method_type": "card",
        "status": "success",
        "type": "sale",
        "amount": number,
        "gateway": None,
        "iso_currency_code": "EUR",
        "created_at": created_at,
        "updated_at": created_at,
    } | fields

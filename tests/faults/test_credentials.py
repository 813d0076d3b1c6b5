"""Credentials: a dead token is one merchant's trouble, a renewed secret ends it all, and neither is sent elsewhere."""

import asyncio
import socket
from datetime import UTC, datetime

import pytest

from rutter_assets.errors import CredentialError
from rutter_assets.ingest.merchant import CONCURRENT_WINDOWS
from rutter_assets.ingest.opening import Cursor, look
from rutter_assets.ingest.snapshot import take_snapshot
from rutter_assets.lake.lake import Lake
from rutter_assets.sandbox import Merchant, Sandbox, faults
from tests.conftest import ServeWorld, source_of
from tests.faults.conftest import OCTOBER, ROWS, assert_true, faulty, of_shop, read, update

NOTHING_OF_THE_SHOP = tuple(f"transaction-{n:04d}" for n in range(1, 9))
RENEWED = "The credentials are not accepted: check RUTTER_CLIENT_ID, and whether RUTTER_CLIENT_SECRET was renewed."


@pytest.mark.parametrize("path", ["/connections/status", "/transactions"])
def test_one_dead_token_is_its_connections_trouble(serve: ServeWorld, lake: Lake, path: str) -> None:
    sandbox = faulty(serve, faults.token_refused().on(path))
    report = read(sandbox, lake)
    assert of_shop(report).message.startswith(
        "Rutter does not accept this connection's access token: the next run lists the tokens anew; if it stays,"
        f" connect the merchant again. (GET {path}: HTTP 401, INVALID_CREDENTIALS, request sandbox-"
    )
    assert_true(lake, sandbox, but=NOTHING_OF_THE_SHOP)
    read(sandbox, lake)
    assert_true(lake, sandbox)


def test_many_dead_tokens_prove_the_secret_once(serve: ServeWorld, lake: Lake) -> None:
    merchants = [Merchant.of(ROWS[:1], name=f"Shop {n} (sample)") for n in range(20)]
    dead = [faults.token_refused().on("/transactions", connection_id=one.id) for one in merchants[:12]]
    sandbox = serve(*merchants, faults=dead)
    report = read(sandbox, lake)
    assert len(report.of_kind("failed")) == 12
    assert sum(record.path == "/connections" for record in sandbox.requests) == 2


def test_a_secret_renewed_while_reading_ends_the_sync_early_with_one_sentence(serve: ServeWorld, lake: Lake) -> None:
    merchants = [Merchant.of(ROWS[:1], name=f"Shop {n} (sample)") for n in range(CONCURRENT_WINDOWS + 20)]
    sandbox = serve(*merchants)
    sandbox.script.add(faults.meanwhile(sandbox.renew_client_secret).on("/transactions"))
    with pytest.raises(CredentialError, match=RENEWED):
        read(sandbox, lake)
    assert sum(record.path == "/transactions" for record in sandbox.requests) <= CONCURRENT_WINDOWS + 1
    read(sandbox, lake)
    assert_true(lake, sandbox)


def test_a_secret_renewed_before_statuses_are_asked_ends_sync_snapshot_and_look(serve: ServeWorld, lake: Lake) -> None:
    async def taken(sandbox: Sandbox) -> None:
        source = source_of(sandbox)
        async with source.client:
            await take_snapshot(source)

    async def looked(sandbox: Sandbox) -> None:
        source = source_of(sandbox)
        start = OCTOBER.start.date()
        async with source.client:
            await look(
                source,
                lake,
                Cursor(),
                history_start=start,
                in_flight=(),
                is_used=lambda _: False,
                now=datetime.now(UTC),
            )

    for act in (
        lambda sandbox: read(sandbox, lake),
        lambda sandbox: asyncio.run(taken(sandbox)),
        lambda sandbox: asyncio.run(looked(sandbox)),
    ):
        sandbox = faulty(serve)
        sandbox.script.add(faults.meanwhile(sandbox.renew_client_secret).on("/connections"))
        with pytest.raises(CredentialError, match=RENEWED):
            act(sandbox)
    read(sandbox, lake)
    assert_true(lake, sandbox)


def test_a_secret_renewed_before_an_update_leaves_the_watermarks(serve: ServeWorld, lake: Lake) -> None:
    sandbox = faulty(serve)
    read(sandbox, lake)
    ledgers = lake.ledgers()
    sandbox.script.add(faults.meanwhile(sandbox.renew_client_secret).on("/connections"))
    with pytest.raises(CredentialError, match=RENEWED):
        update(sandbox, lake)
    assert lake.ledgers() == ledgers


def test_a_redirect_is_not_followed_and_the_other_host_hears_nothing(serve: ServeWorld, lake: Lake) -> None:
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.setblocking(False)
        address = f"http://127.0.0.1:{elsewhere.getsockname()[1]}/versioned/transactions"
        sandbox = faulty(serve, faults.redirected(address), faults.redirected(address).on("/connections/status"))
        report = read(sandbox, lake)
        again = read(sandbox, lake)
        with pytest.raises(BlockingIOError):
            elsewhere.accept()
    for outcome in (of_shop(report), of_shop(again)):
        assert outcome.message.startswith(
            "The API redirects, which credentials never follow: check RUTTER_BASE_URL. (GET"
        )
        assert address not in outcome.message
    read(sandbox, lake)
    assert_true(lake, sandbox)

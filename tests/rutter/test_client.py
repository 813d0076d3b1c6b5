"""The client against real HTTP: pages, cursors, retries, errors and secrets."""

import asyncio
import logging
import pickle
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from rutter_assets import errors
from rutter_assets.rutter.client import RutterClient
from rutter_assets.rutter.decode import Page
from rutter_assets.rutter.types import Connection
from rutter_assets.rutter.window import Window
from rutter_assets.sandbox import Merchant, Sandbox, faults
from tests.conftest import ServeWorld, client_of, row

OCTOBER = Window.of_days(date(2026, 10, 1), date(2026, 10, 31))
TRANSACTIONS = "/transactions"


async def read_all(client: RutterClient, window: Window = OCTOBER) -> list[Page]:
    async with client:
        (connection,) = await client.connections()
        return [page async for page in client.transactions(connection, window)]


def pages_of(sandbox: Sandbox, **options: Any) -> list[Page]:
    return asyncio.run(read_all(client_of(sandbox, **options)))


def ids(pages: list[Page]) -> list[str]:
    return [transaction.id for page in pages for transaction in page.rows]


def test_a_walk_reads_full_pages_until_the_cursor_is_null(serve: ServeWorld) -> None:
    sandbox = serve(Merchant.of([row(n) for n in range(1201)]))
    pages = pages_of(sandbox)
    assert [len(page.rows) for page in pages] == [500, 500, 201]
    assert ids(pages) == [f"transaction-{n:04d}" for n in range(1201)]


def test_an_empty_page_with_a_cursor_is_not_the_end(serve: ServeWorld) -> None:
    pages = [
        faults.answer(body={"transactions": [row(1)], "next_cursor": "a"}),
        faults.answer(body={"transactions": [], "next_cursor": "b"}),
        faults.answer(body={"transactions": [row(2)], "next_cursor": None}),
    ]
    assert ids(pages_of(serve(Merchant.of(), faults=pages))) == ["transaction-0001", "transaction-0002"]


def test_rows_on_both_bounds_of_a_window_are_sent(serve: ServeWorld) -> None:
    edges = ["2026-10-01T00:00:00.000Z", "2026-10-31T23:59:59.999Z"]
    sandbox = serve(Merchant.of([row(n, edge) for n, edge in enumerate(edges)]))
    assert len(ids(pages_of(sandbox))) == 2


def test_a_server_that_is_gone_is_a_transient_error_without_its_address() -> None:
    sandbox = Sandbox(*_world_and_clock())
    with sandbox:
        client = client_of(sandbox, give_up_after_s=0.5)
    with pytest.raises(errors.TransientError, match="No answer") as caught:
        asyncio.run(read_all(client))
    assert "127.0.0.1" not in str(caught.value)
    assert caught.value.__cause__ is None


ERRORS = [
    (400, "PRODUCT_NOT_READY", errors.NotReadyError),
    (400, "NEEDS_UPDATE", errors.MerchantError),
    (400, "CONNECTION_DISABLED", errors.MerchantError),
    (400, "INVALID_CREDENTIALS", errors.TokenError),
    (403, "PRODUCT_NOT_ALLOWED", errors.RequestError),
    (400, None, errors.RequestError),
    (401, None, errors.TokenError),
    (404, None, errors.RequestError),
    (410, None, errors.RequestError),
    (450, None, errors.RequestError),
    (302, None, errors.ContractError),
]


@pytest.mark.parametrize(("status", "code", "kind"), ERRORS)
def test_an_error_is_named_by_the_next_action_and_is_not_retried(
    serve: ServeWorld, status: int, code: str | None, kind: type[errors.ApiError]
) -> None:
    body = {"error_type": "CONNECTION_ERROR", "error_code": code, "error_message": "secret-free"}
    elsewhere = {"Location": "http://127.0.0.1:9/elsewhere"}
    sandbox = serve(Merchant.of(), faults=[faults.answer(status, body, elsewhere)])
    with pytest.raises(kind) as caught:
        pages_of(sandbox)
    assert caught.value.exchange.path == TRANSACTIONS
    assert caught.value.exchange.status == status
    assert caught.value.exchange.error_code == code
    assert caught.value.exchange.request_id


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        '{"next_cursor": null}',
        {"transactions": [{"id": None}]},
        {"transactions": [row(1, "x") | {"id": 7}]},
    ],
)
def test_a_body_of_another_shape_is_a_contract_error_that_names_the_request(serve: ServeWorld, body: object) -> None:
    sandbox = serve(Merchant.of(), faults=[faults.answer(body=body)])
    with pytest.raises(errors.ContractError) as caught:
        pages_of(sandbox)
    assert caught.value.exchange.request_id


def test_unknown_fields_are_kept_as_sent_and_reported(serve: ServeWorld) -> None:
    sandbox = serve(Merchant.of([row(1), row(2, tax=Decimal("1.10"), tip={"a": [1]}), row(3)]))
    client = client_of(sandbox)
    (page,) = asyncio.run(read_all(client))
    assert page.unknown_fields == {1: '{"tax":1.10,"tip":{"a":[1]}}'}
    assert client.novelties.sentences() == [
        "The API sent fields that its contract does not name: transaction.tax, transaction.tip."
    ]


def test_numbers_keep_every_digit_of_the_text(serve: ServeWorld) -> None:
    amounts = ["12.34", "0.1", "1e-7", "-26350.97", "12345678901234567890.123456789"]
    (page,) = pages_of(serve(Merchant.of([row(n, amount=Decimal(a)) for n, a in enumerate(amounts)])))
    assert [transaction.amount for transaction in page.rows] == [Decimal(a) for a in amounts]


@pytest.mark.parametrize("spelling", ["synced_transactions_count", "synced_transaction_count"])
def test_both_spellings_of_the_transaction_counter_are_read(serve: ServeWorld, spelling: str) -> None:
    sandbox = serve(Merchant.of([row(1), row(2)], counter_key=spelling))

    async def count() -> int | None:
        async with client_of(sandbox) as client:
            (connection,) = await client.connections()
            return (await client.status(connection)).historical_sync_status.transactions_synced

    assert asyncio.run(count()) == 2


def test_a_flat_status_body_is_read_like_a_wrapped_one(serve: ServeWorld) -> None:
    flat = {"platform": "SHOPIFY", "is_ready": True, "historical_sync_status": {"historical_sync_completed": True}}

    async def completed() -> bool:
        async with client_of(
            serve(Merchant.of(), faults=[faults.answer(body=flat).on("/connections/status")])
        ) as client:
            (connection,) = await client.connections()
            return (await client.status(connection)).historical_sync_status.historical_sync_completed

    assert asyncio.run(completed())


def test_connections_in_trouble_are_listed_too(serve: ServeWorld) -> None:
    states = ["active", "needs_reauth", "disabled", "not_ready", "unhealthy"]
    sandbox = serve(*(Merchant.of(name=state, status=state) for state in states))  # type: ignore[arg-type]

    async def listed() -> list[Connection]:
        async with client_of(sandbox) as client:
            return await client.connections()

    assert sorted(connection.name or "" for connection in asyncio.run(listed())) == sorted(states)


def test_no_log_error_or_repr_holds_a_token_or_a_secret(
    serve: ServeWorld, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    token = "canary-token-0000"
    caplog.set_level(logging.DEBUG)
    said: list[str] = []

    async def run(sandbox: Sandbox) -> None:
        async with client_of(sandbox, give_up_after_s=1) as client:
            (connection,) = await client.connections()
            said.append(repr(connection) + repr(client) + repr(await client.status(connection)))
            async for _ in client.transactions(connection, OCTOBER):
                pass

    for going_wrong in ([], [faults.answer(500), faults.answer(400)]):
        sandbox = serve(Merchant.of([row(1)], access_token=token), faults=going_wrong)
        try:
            asyncio.run(run(sandbox))
        except errors.ApiError as error:
            said.append(repr(error) + str(error) + str(pickle.loads(pickle.dumps(error))))  # noqa: S301
    written = caplog.text + "".join(said) + "".join(capfd.readouterr())
    assert "/versioned/transactions" in caplog.text  # httpx and httpcore did log what they do
    for secret in (token, sandbox.client_secret, "Basic ", "link.rutter.example"):
        assert secret not in written


def _world_and_clock() -> Any:
    from rutter_assets.sandbox import Clock, World
    from tests.conftest import NOW

    return World.of([Merchant.of()]), Clock.frozen(NOW)

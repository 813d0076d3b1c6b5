"""Whatever goes wrong with a request, what is raised of it tells no secret: said, printed with all local variables, or
pickled; nor does any log line of any library."""

import asyncio
import json
import logging
import pickle
import re
import time
import traceback
from collections.abc import Iterator
from typing import Final

import pytest
from pydantic import SecretStr
from rich.traceback import Traceback

from rutter_assets.errors import ApiError
from rutter_assets.rutter.client import RutterClient
from rutter_assets.rutter.pace import ProcessPace
from rutter_assets.rutter.window import Window
from rutter_assets.sandbox import Clock, Sandbox
from tests.secrets import canary
from tests.secrets.conftest import NOW, START, world
from tests.wire import CUT, Fault, Wire, answer

_LINK: Final = f"https://{canary.LINK_CORE.decode()}/x"


def _url(request: bytes) -> bytes:
    return request.split()[1]


def _listed(**fields: object) -> Fault:
    """A list of connections whose one connection is not what the contract says."""
    body = json.dumps({"connections": [{"id": "a", "access_token": canary.token(0), "platform": "x"} | fields]})
    return lambda request: answer(200, body.encode()) if b"/connections?" in request else CUT


FAULTS: Final[dict[str, Fault]] = {
    "an echo in the code of an error": lambda r: answer(400, json.dumps({"error_code": r.decode("latin-1")}).encode()),
    "an echo in a page of HTML": lambda r: answer(500, b"<html>" + r),
    "an echo in headers": lambda r: answer(400, b"", f"X-Asked: {_url(r).decode()}", "Set-Cookie: " + _url(r).decode()),
    "a redirect to ourselves": lambda r: answer(302, b"", "Location: https://elsewhere.example" + _url(r).decode()),
    "a redirect to nowhere": lambda r: answer(302, b"", "Location: https://[" + _url(r).decode()),
    "an echo in place of a header": lambda r: b"HTTP/1.1 200 OK\r\n" + _url(r) + b"\r\n\r\n",
    "an echo in place of an answer": lambda r: r,
    "no answer": lambda _: CUT,
    "an answer that breaks off": lambda _: answer(200, b"{" * 9)[:-3],
    "broken compression": lambda r: answer(200, r, "Content-Encoding: gzip"),
    "refused credentials": lambda _: answer(401, b'{"error_code":"INVALID_CREDENTIALS"}'),
    "a limit": lambda _: answer(429, b"", "Retry-After: 3600"),
    "a token of another type": _listed(access_token=[canary.token(0)]),
    "a connection without its platform": _listed(platform=None),
    "a list that breaks off": lambda r: (_listed()(r) or b"").replace(b"}]}", b"}] "),
    "a status of another shape": lambda _: answer(
        200, json.dumps({"status": {"link_url": _LINK, "is_ready": 7}}).encode()
    ),
    "an id that is none": _listed(id=7, link_url=_LINK),
}


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    with Sandbox(world(), Clock.frozen(NOW), 100_000) as sandbox, Wire(sandbox, canary.SECRET) as made:
        yield made


def client_of(wire: Wire) -> RutterClient:
    secret = SecretStr(wire.client_secret)
    pace = ProcessPace(100_000)
    return RutterClient(
        wire.base_url, wire.client_id, secret, "2024-08-31", pace, give_up_after_s=0.1, first_wait_s=0.01
    )


def all_said_of(error: BaseException) -> str:
    """What any tool can make of an error: its text, its pickle, its traceback with every local variable."""
    as_rich_has_it = Traceback.extract(
        type(error), error, error.__traceback__, show_locals=True, locals_max_string=10_000
    )
    frames = [frame for stack in as_rich_has_it.stacks for frame in stack.frames]
    return "\n".join(
        [
            *(str(error), repr(error), repr(vars(error)), repr(pickle.dumps(error))),
            *traceback.TracebackException.from_exception(error, capture_locals=True).format(),
            *(str(value) for frame in frames for value in (frame.locals or {}).values()),
        ]
    )


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_tells_no_secret(wire: Wire, caplog: pytest.LogCaptureFixture, name: str) -> None:
    caplog.set_level(logging.DEBUG)
    raised: list[ApiError] = []

    async def ask() -> None:
        wire.fault = lambda _: None
        async with client_of(wire) as client:
            (connection, *_) = await client.connections()
            wire.fault = FAULTS[name]
            pages = client.transactions(connection, Window(START, NOW))
            for request in (client.connections(), client.status(connection), anext(pages)):
                with pytest.raises(ApiError) as caught:
                    await request
                raised.append(caught.value)

    asyncio.run(ask())
    said = "\n".join(map(all_said_of, raised)).encode()
    logged = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records).encode()
    for pattern in (canary.SECRETS, canary.LINKS):
        assert _around(pattern, said) == []
        assert _around(pattern, logged) == []
    assert b"httpcore" in logged
    assert b"test_faults.py" in said


def test_a_request_that_is_cancelled_tells_no_secret(wire: Wire) -> None:
    """What cancels it gives the exception of the innermost frame as the cause of its own."""

    async def ask() -> None:
        wire.fault = lambda _: None
        async with client_of(wire) as client:
            (connection, *_) = await client.connections()
            wire.fault = lambda _: time.sleep(0.5)
            await asyncio.wait_for(client.status(connection), 0.1)

    with pytest.raises(TimeoutError) as caught:
        asyncio.run(ask())
    said = all_said_of(caught.value)
    assert "handle_async_request" in said
    assert _around(canary.SECRETS, said.encode()) == []


def _around(pattern: re.Pattern[bytes], text: bytes) -> list[bytes]:
    return [text[max(0, found.start() - 80) : found.end() + 40] for found in pattern.finditer(text)][:3]

"""What carries a script of faults: which request each one meets, and what it may do to that request.

The faults themselves are in `faults`. They are played once each; what is left over when the sandbox ends is an error.
"""

import asyncio
import dataclasses
import threading
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import parse_qsl, urlencode

from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Call", "Fault", "Play", "Script", "UnspentFaults"]


class UnspentFaults(AssertionError):  # noqa: N818 - what went wrong is that these are left
    """A fault was scripted and no request met it: the test that scripted it proves nothing."""


@dataclass(frozen=True)
class Call:
    """One request in the hands of a fault, with what the endpoint behind it would do."""

    scope: Scope
    _inside: ASGIApp
    _receive: Receive
    _send: Send
    _hang_up: Callable[[Scope], None]

    @property
    def params(self) -> dict[str, str]:
        """The query parameters, the access token among them."""
        return dict(parse_qsl(self.scope["query_string"].decode("latin-1"), keep_blank_values=True))

    async def pass_on(self) -> None:
        """Let the endpoint answer."""
        await self._inside(self.scope, self._receive, self._send)

    async def asked(self, **params: str | None) -> tuple[int, bytes]:
        """What the endpoint answers to this request with `params` changed (None: left out): status and body."""
        query = {name: value for name, value in (self.params | params).items() if value is not None}
        scope = {**self.scope, "query_string": urlencode(query).encode()}
        status, body = 0, b""

        async def keep(message: Message) -> None:
            nonlocal status, body
            status = message.get("status", status)
            body += message.get("body", b"")

        await self._inside(scope, self._receive, keep)
        return status, body

    async def start(self, status: int, headers: Mapping[str, str]) -> None:
        """Send the status and the headers; without a Content-Length the body is sent in chunks."""
        raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await self._send({"type": "http.response.start", "status": status, "headers": raw})

    async def body(self, piece: bytes, *, is_last: bool = False) -> None:
        """Send a piece of the body; waits while the client does not take it."""
        await self._send({"type": "http.response.body", "body": piece, "more_body": not is_last})

    async def answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        """Answer as a whole."""
        await self.start(status, {"Content-Length": str(len(body))} | dict(headers))
        await self.body(body, is_last=True)

    async def until_gone(self, within_s: float | None = None) -> bool:
        """Wait until the client is gone, or for so long; true: it is gone."""
        try:
            async with asyncio.timeout(within_s):
                while (await self._receive())["type"] != "http.disconnect":
                    pass
        except TimeoutError:
            return False
        return True

    async def hang_up(self) -> None:
        """Close the connection once what was sent is on its way."""
        self._hang_up(self.scope)
        await self.until_gone()


Play = Callable[[Call], Awaitable[None]]


@dataclass(frozen=True)
class Fault:
    """What happens to one request: the first that fits, after so many that fit and are left in peace.

    `path`: below the base URL. `connection_id`: whose token comes with it; None: anybody's, or none.
    """

    name: str
    play: Play
    path: str = "/transactions"
    connection_id: str | None = None
    after: int = 0
    is_lasting: bool = False

    def on(self, path: str | None = None, *, connection_id: str | None = None, after: int = 0) -> Self:
        """The same fault for other requests."""
        return dataclasses.replace(self, path=path or self.path, connection_id=connection_id, after=after)

    def lasting(self) -> Self:
        """The same fault for every request that fits from then on; it counts as met once one of them did."""
        return dataclasses.replace(self, is_lasting=True)

    def fits(self, path: str, connection_id: str | None) -> bool:
        """Whether it is for requests of this path with this connection's token."""
        return self.path == path and self.connection_id in (None, connection_id)

    def __str__(self) -> str:
        return f"{self.name} on {self.path}"


class Script:
    """Faults that wait for their requests, in order; an ASGI layer between the door and the endpoints.

    Of the faults that fit a request only the first is looked at, so two of one path happen one after the other.
    """

    def __init__(
        self,
        inside: ASGIApp,
        faults: Iterable[Fault],
        *,
        root_path: str,
        connection_ids: Mapping[str, str],
        hang_up: Callable[[Scope], None],
    ) -> None:
        self._inside = inside
        self._root_path = root_path
        self._connection_ids = connection_ids
        self._hang_up = hang_up
        self._waiting: list[Fault] = []
        self._lasting: list[Fault] = []
        self._lock = threading.Lock()
        self.broken: list[Exception] = []
        """What faults raised that could not do what they are for; a client would take it for a 500."""
        self.add(*faults)

    @property
    def unspent(self) -> list[Fault]:
        """The faults that no request has met yet."""
        with self._lock:
            return list(self._waiting)

    def add(self, *faults: Fault) -> None:
        """Script more faults, behind those that wait; from any thread."""
        with self._lock:
            self._waiting += faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        if not self._waiting and not self._lasting:
            await self._inside(scope, receive, send)
            return
        call = Call(scope, self._inside, receive, send, self._hang_up)
        fault = self._met_by(scope["path"].removeprefix(self._root_path), call.params.get("access_token", ""))
        if fault is None:
            await call.pass_on()
            return
        try:
            await fault.play(call)
        except Exception as error:
            self.broken.append(error)
            raise

    def _met_by(self, path: str, access_token: str) -> Fault | None:
        connection_id = self._connection_ids.get(access_token)
        with self._lock:
            for number, fault in enumerate(self._waiting):
                if not fault.fits(path, connection_id):
                    continue
                if fault.after:
                    self._waiting[number] = dataclasses.replace(fault, after=fault.after - 1)
                    return None
                del self._waiting[number]
                if fault.is_lasting:
                    self._lasting.append(fault)
                return fault
            return next((fault for fault in self._lasting if fault.fits(path, connection_id)), None)

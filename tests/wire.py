"""The wire between a client and a sandbox: it keeps every byte that the client sent, and fails where a test says so."""

import asyncio
import base64
import re
import threading
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Final, Self, TypeVar
from urllib.parse import urlsplit

from rutter_assets.sandbox import Sandbox

T = TypeVar("T")
Fault = Callable[[bytes], bytes | None]
"""What goes over the wire instead of the sandbox's answer to a request, before it is cut; null: nothing goes wrong."""

CUT: Final = b""
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_AUTHORIZATION: Final = re.compile(rb"(\r\nauthorization: *Basic +)[^\r]+", re.IGNORECASE)


def answer(status: int, body: bytes, *headers: str) -> bytes:
    """An answer as it goes over the wire."""
    lines = [f"HTTP/1.1 {status} Scripted", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Wire:
    """Listens while the `with` block lasts; a client is to be pointed at `base_url` and given the credentials here.

    `client_secret` is what the client has to know: the sandbox's own is known to the wire alone. `sent` holds each
    request, head and all, of a wire that `keeps` them; `fault` may be set at any time.
    """

    def __init__(self, sandbox: Sandbox, client_secret: str, *, keeps: bool = True) -> None:
        self.client_id = sandbox.client_id
        self.client_secret = client_secret
        self.fault: Fault = lambda _: None
        self.sent: list[bytes] = []
        self._keeps = keeps
        self._target = urlsplit(sandbox.base_url)
        self._expected = _basic(sandbox.client_id, client_secret)
        self._given = _basic(sandbox.client_id, sandbox.client_secret)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="wire", daemon=True)
        self._clients: set[asyncio.Task[None]] = set()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._port}{self._target.path}"

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    async def _close(self) -> None:
        self._server.close()
        for client in self._clients:
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._clients.add(task)
        there: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        try:
            while True:
                request = await reader.readuntil(b"\r\n\r\n")
                if self._keeps:
                    self.sent.append(request)
                scripted = self.fault(request)
                if scripted is not None:
                    writer.write(scripted)
                    await writer.drain()
                    return
                there = there or await asyncio.open_connection(self._target.hostname, self._target.port)
                writer.write(await self._passed_on(request, *there))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # the client has what it wanted, or the wire comes down
        finally:
            self._clients.discard(task)
            for one in (writer, *(there[1:] if there else ())):
                one.close()

    async def _passed_on(self, request: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        found = _AUTHORIZATION.search(request)
        is_known = found is not None and found[0].endswith(self._expected)
        writer.write(_AUTHORIZATION.sub(rb"\g<1>" + (self._given if is_known else b"unknown"), request))
        await writer.drain()
        head = await reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        assert length is not None, head
        return head + await reader.readexactly(int(length[1]))


def _basic(client_id: str, client_secret: str) -> bytes:
    return base64.b64encode(f"{client_id}:{client_secret}".encode())

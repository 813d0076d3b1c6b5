"""Where secrets enter a request: below everything that logs, raises or remembers it.

httpx logs each URL, and its exceptions and responses carry the request. Our requests therefore travel through httpx
without the access token and without credentials, and this transport adds both on the way to the wire. What goes wrong
below it keeps its kind and its words and loses its frames, whose local variables hold the secrets.
"""

import base64
import logging
from collections.abc import AsyncIterator, Callable
from typing import Final

import httpx
from pydantic import SecretStr

ACCESS_TOKEN = "access_token"  # noqa: S105 - the name of the parameter, not a token


class _NamesAlone(logging.Filter):
    """Lets httpcore say at DEBUG which step it takes, not with what: a `Location` header may repeat our own URL."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = str(record.msg).partition(" ")[0]
        return True


_NAMES_ALONE: Final = _NamesAlone()


class SecretTransport(httpx.AsyncBaseTransport):
    """Adds Basic auth, and the access token that a request carries in its extensions, to what goes out."""

    def __init__(self, inner: httpx.AsyncBaseTransport, client_id: str, client_secret: SecretStr) -> None:
        self._inner = inner
        pair = f"{client_id}:{client_secret.get_secret_value()}"
        self._authorization = SecretStr("Basic " + base64.b64encode(pair.encode()).decode())
        logging.getLogger("httpcore.http11").addFilter(_NAMES_ALONE)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await self._inner.handle_async_request(self._with_secrets(request))
        except BaseException as error:
            error.__cause__ = error.__context__ = error.__traceback__ = None
            raise

    async def aclose(self) -> None:
        await self._inner.aclose()

    def _with_secrets(self, request: httpx.Request) -> httpx.Request:
        url, extensions = request.url, dict(request.extensions)
        token = extensions.pop(ACCESS_TOKEN, None)
        if isinstance(token, SecretStr):
            url = url.copy_add_param(ACCESS_TOKEN, token.get_secret_value())
        headers = request.headers.copy()
        headers["Authorization"] = self._authorization.get_secret_value()
        return httpx.Request(request.method, url, headers=headers, stream=request.stream, extensions=extensions)


class LaneTransport(httpx.AsyncBaseTransport):
    """A connection for each request under way, and an idle one for the next.

    One pool of httpcore looks at all of its connections, with a system call each, whenever a request begins or ends;
    with fifty of them that takes half of the time of reading. Lanes of one connection each do not look at each other.
    """

    def __init__(self, timeout_idle_s: float = 30.0) -> None:
        self._limits = httpx.Limits(max_connections=1, keepalive_expiry=timeout_idle_s)
        self._tls = httpx.create_ssl_context()
        self._idle: list[httpx.AsyncHTTPTransport] = []
        self._lanes: list[httpx.AsyncHTTPTransport] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._idle:
            lane = self._idle.pop()
        else:
            lane = httpx.AsyncHTTPTransport(verify=self._tls, limits=self._limits)
            self._lanes.append(lane)
        try:
            response = await lane.handle_async_request(request)
        except BaseException:
            self._idle.append(lane)
            raise
        assert isinstance(response.stream, httpx.AsyncByteStream)  # noqa: S101 - what an async transport gives
        response.stream = _LaneStream(response.stream, lambda: self._idle.append(lane))
        return response

    async def aclose(self) -> None:
        for lane in self._lanes:
            await lane.aclose()


class _LaneStream(httpx.AsyncByteStream):
    """A body that frees its lane when it is closed."""

    def __init__(self, body: httpx.AsyncByteStream, free: Callable[[], None]) -> None:
        self._body = body
        self._free = free

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._body:
            yield piece

    async def aclose(self) -> None:
        try:
            await self._body.aclose()
        finally:
            free, self._free = self._free, _nothing
            free()


def _nothing() -> None:
    """A lane is freed once."""

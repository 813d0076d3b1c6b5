"""Where secrets enter a request: below everything that logs, raises or remembers it.

httpx logs each URL, and its exceptions and responses carry the request. Our requests therefore travel through httpx
without the access token and without credentials, and this transport adds both on the way to the wire.
"""

import base64

import httpx
from pydantic import SecretStr

ACCESS_TOKEN = "access_token"  # noqa: S105 - the name of the parameter, not a token


class SecretTransport(httpx.AsyncBaseTransport):
    """Adds Basic auth, and the access token that a request carries in its extensions, to what goes out."""

    def __init__(self, inner: httpx.AsyncBaseTransport, client_id: str, client_secret: SecretStr) -> None:
        self._inner = inner
        pair = f"{client_id}:{client_secret.get_secret_value()}"
        self._authorization = SecretStr("Basic " + base64.b64encode(pair.encode()).decode())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url, extensions = request.url, dict(request.extensions)
        token = extensions.pop(ACCESS_TOKEN, None)
        if isinstance(token, SecretStr):
            url = url.copy_add_param(ACCESS_TOKEN, token.get_secret_value())
        headers = request.headers.copy()
        headers["Authorization"] = self._authorization.get_secret_value()
        outgoing = httpx.Request(request.method, url, headers=headers, stream=request.stream, extensions=extensions)
        return await self._inner.handle_async_request(outgoing)

    async def aclose(self) -> None:
        await self._inner.aclose()

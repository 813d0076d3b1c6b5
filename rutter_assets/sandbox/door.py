"""What every request passes before it reaches an endpoint: the record, the credentials, the rate limit, the latency."""

import asyncio
import base64
import hmac
from collections.abc import Mapping, MutableSequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rutter_assets.sandbox.clock import Clock
from rutter_assets.sandbox.rate import SlidingWindow
from rutter_assets.sandbox.refusal import Refusal

__all__ = ["VERSIONS", "Door", "RequestRecord"]

VERSIONS = frozenset({"2024-08-31", "2024-04-30", "2023-03-14", "2023-02-07", "2025-02-28", "unstable"})
"""What `X-Rutter-Version` may be: https://docs.rutter.com/rest/2024-08-31/basics, and two names that its
webhook settings have beside these."""


@dataclass(frozen=True)
class RequestRecord:
    """One request that was answered, as a test wants to see it."""

    path: str
    """The path below the base URL, such as `/transactions`."""
    params: Mapping[str, str]
    """The query parameters without the access token, which is a secret even here."""
    connection_id: str | None
    """Whose access token came with it; None where there was none or an unknown one."""
    status: int | None
    """The HTTP status; None where the connection was cut before there was one."""
    at: datetime
    """When, by the sandbox's clock."""


class Door:
    """The outermost ASGI layer. Inside it comes the `Script` of what goes wrong, then the endpoints."""

    def __init__(
        self,
        inside: ASGIApp,
        *,
        clock: Clock,
        root_path: str,
        client_id: str,
        client_secret: str,
        connection_ids: Mapping[str, str],
        requests_per_10s: int,
        latency_ms: int,
        records: MutableSequence[RequestRecord],
    ) -> None:
        self._inside = inside
        self._clock = clock
        self._root_path = root_path
        self.admit(client_id, client_secret)
        self._connection_ids = connection_ids
        self._window = SlidingWindow(requests_per_10s)
        self._latency_s = latency_ms / 1000
        self._records = records
        self._served = 0

    def admit(self, client_id: str, client_secret: str) -> None:
        """These credentials, and no others, open the door from now on."""
        self._authorization = b"Basic " + base64.b64encode(f"{client_id}:{client_secret}".encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        self._served += 1
        request_id = f"sandbox-{self._served:08}".encode()
        status: int | None = None
        recorded = False

        async def answer(message: Message) -> None:
            nonlocal status, recorded
            if message["type"] == "http.response.start":
                date = format_datetime(self._clock.now(), usegmt=True).encode()
                message["headers"] = [
                    *message.get("headers", ()), (b"x-rutter-request-id", request_id), (b"date", date)
                ]  # fmt: skip
                status = message["status"]
            elif not message.get("more_body", False) and not recorded:
                # Before the last byte goes out: whoever has the whole answer finds the record.
                recorded = True
                self._record(scope, status)
            await send(message)

        refusal = self._refusal(Headers(scope=scope))
        if self._latency_s:
            await asyncio.sleep(self._latency_s)
        app = self._inside if refusal is None else _response(refusal)
        try:
            await app(scope, receive, answer)
        finally:
            if not recorded:
                self._record(scope, status)

    def _refusal(self, headers: Headers) -> Refusal | None:
        if not hmac.compare_digest(headers.get("authorization", "").encode(), self._authorization):
            return Refusal.bad_credentials("client id or secret")
        if not self._window.admits():
            return Refusal.too_many_requests()
        if headers.get("x-rutter-version") not in VERSIONS:
            return Refusal.bad_request(f"X-Rutter-Version must be one of {', '.join(sorted(VERSIONS))}.")
        return None

    def _record(self, scope: Scope, status: int | None) -> None:
        params = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        connection_id = self._connection_ids.get(params.pop("access_token", ""))
        path = scope["path"].removeprefix(self._root_path)
        self._records.append(RequestRecord(path, params, connection_id, status, self._clock.now()))


def _response(refusal: Refusal) -> Response:
    return Response(refusal.body, refusal.status, media_type="application/json")

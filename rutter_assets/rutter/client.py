"""The client: paced, retried, typed reads of one organization's API.

Every method raises an `ApiError` of the kind that says what to do next. Nothing it logs or raises holds a query
string, a token or an address.
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Literal, Self, TypeVar

import httpx
import stamina
from pydantic import SecretStr

from rutter_assets.errors import ContractError, CredentialError, Exchange, TransientError
from rutter_assets.rutter import contract
from rutter_assets.rutter.api_clock import ApiClock
from rutter_assets.rutter.body import ACCEPT_ENCODING, MOST_BODY_BYTES, BodyDamagedError, BodyTooLargeError, read_body
from rutter_assets.rutter.decode import Body, Novelties, Page, decode_connections, decode_page, decode_status
from rutter_assets.rutter.pace import Pace
from rutter_assets.rutter.responses import error_of, token_refused
from rutter_assets.rutter.transport import ACCESS_TOKEN, LaneTransport, SecretTransport
from rutter_assets.rutter.types import Connection, ConnectionStatus
from rutter_assets.rutter.window import Window, unix_ms

log = logging.getLogger(__name__)

T = TypeVar("T")
TimeField = Literal["created_at", "updated_at"]
Decode = Callable[[Body, Exchange, Novelties], T]

_PROVEN_FOR_S: Final = 10.0
"""For so long credentials that were just accepted need no other proof when a token is refused."""


@dataclass
class Traffic:
    """What a client's requests cost so far; `waited_s` is the time spent waiting for the pace."""

    requests: int = 0
    retries: int = 0
    waited_s: float = 0.0
    received_bytes: int = 0


@dataclass
class RutterClient:
    """An async context manager over one pool of connections.

    `give_up_after_s` bounds the time that one request spends on its attempts and the waits between them, and each whole
    answer; a `Retry-After` beyond it is not waited for. `timeout_s` bounds a silence. The waits double from
    `first_wait_s` up to 30 s, with as much jitter. An answer above `most_body_bytes` is not read to its end.
    """

    base_url: str
    client_id: str
    client_secret: SecretStr
    api_version: str
    pace: Pace
    give_up_after_s: float = 120.0
    timeout_s: float = 60.0
    first_wait_s: float = 0.5
    page_rows: int = contract.PAGE_ROWS
    most_body_bytes: int = MOST_BODY_BYTES
    traffic: Traffic = field(default_factory=Traffic)
    novelties: Novelties = field(default_factory=Novelties)
    clock: ApiClock = field(default_factory=ApiClock)

    def __post_init__(self) -> None:
        self._http = httpx.AsyncClient(
            base_url=self.base_url,
            headers={
                contract.VERSION_HEADER: self.api_version,
                "Accept": "application/json",
                "Accept-Encoding": ACCEPT_ENCODING,
            },
            timeout=httpx.Timeout(self.timeout_s, connect=10.0, pool=None),
            event_hooks={"response": [self.clock.note]},
            transport=SecretTransport(LaneTransport(), self.client_id, self.client_secret),
        )
        self._proving = asyncio.Lock()
        self._proven_until_s = 0.0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def connections(self) -> list[Connection]:
        """Every connection of the organization, the unhealthy ones included (`status=any`)."""
        found = await self._get(contract.CONNECTIONS, {"status": "any"}, decode_connections)
        for connection in found:
            if connection.status is not None and connection.status not in contract.CONNECTION_STATUSES:
                self.novelties.note_value("connection.status", connection.status)
        return found

    async def status(self, connection: Connection) -> ConnectionStatus:
        """What the API says of one connection's sync and health; it answers for disabled connections too.

        A token that is refused is a `TokenError`; a `CredentialError` means the client's own credentials.
        """
        return await self._get(contract.CONNECTION_STATUS, {}, decode_status, connection.access_token)

    async def transactions(
        self, connection: Connection, window: Window, by: TimeField = "created_at", *, force_fetch: bool = False
    ) -> AsyncGenerator[Page, None]:
        """The pages of the connection's transactions whose `by` lies in the window, oldest first as the API sorts.

        The API's bounds are inclusive milliseconds. The upper one is sent as the window's end, so that a row between
        two milliseconds is not lost; a row exactly at the end may come too and is the caller's to leave out.
        Ends at a null or absent cursor and at nothing else; a cursor that comes twice is a `ContractError`.
        """
        params = {
            "limit": str(self.page_rows),
            "sort": "asc",
            f"{by}_min": str(unix_ms(window.start)),
            f"{by}_max": str(unix_ms(window.end)),
        }
        if force_fetch:
            params["force_fetch"] = "true"
        seen: set[str] = set()
        while True:
            page = await self._get(contract.TRANSACTIONS, params, decode_page, connection.access_token)
            yield page
            if page.next_cursor is None:
                return
            if page.next_cursor in seen:
                raise ContractError("The API sent the same cursor twice; the walk would never end.", page.exchange)
            seen.add(page.next_cursor)
            params["cursor"] = page.next_cursor

    async def _get(
        self, path: str, params: dict[str, str], decode: Decode[T], access_token: SecretStr | None = None
    ) -> T:
        attempts = stamina.retry_context(
            on=self._wait_or_give_up,
            attempts=None,
            timeout=self.give_up_after_s,
            wait_initial=self.first_wait_s,
            wait_max=30.0,
            wait_jitter=self.first_wait_s,
        )
        try:
            async for attempt in attempts:
                with attempt:
                    self.traffic.retries += attempt.num > 1
                    body, exchange = await self._attempt(path, params, access_token)
                    return decode(body, exchange, self.novelties)
        except CredentialError as error:
            if access_token is None or not await self._is_known():
                raise
            raise token_refused(error.exchange) from None
        raise AssertionError  # stamina returns from the loop or raises the last error

    async def _is_known(self) -> bool:
        """Whether the client's own credentials are accepted: one code means them and a token, so they are tried alone.

        The shortest list of the API is asked for; nothing else needs no token.
        """
        async with self._proving:
            if time.monotonic() < self._proven_until_s:
                return True
            try:
                await self._get(contract.CONNECTIONS, {"status": "disabled"}, decode_connections)
            except CredentialError:
                return False
            self._proven_until_s = time.monotonic() + _PROVEN_FOR_S
            return True

    async def _attempt(
        self, path: str, params: dict[str, str], access_token: SecretStr | None
    ) -> tuple[Body, Exchange]:
        waited_s = await self.pace.turn()
        self.traffic.waited_s += waited_s
        self.traffic.requests += 1
        extensions = {} if access_token is None else {ACCESS_TOKEN: access_token}
        exchange = Exchange(path)
        try:
            async with (
                asyncio.timeout(self.give_up_after_s),
                self._http.stream("GET", path, params=params, extensions=extensions) as response,
            ):
                request_id = response.headers.get(contract.REQUEST_ID_HEADER)
                exchange = Exchange(path, response.status_code, None, request_id)
                body = await read_body(response, self.most_body_bytes)
        except TimeoutError:
            message = f"The API's answer did not end within {self.give_up_after_s:g} s."
            raise TransientError(message, exchange) from None
        except httpx.ReadTimeout:
            raise TransientError(f"No answer from the API for {self.timeout_s:g} s.", exchange) from None
        except httpx.TransportError as error:
            raise TransientError(f"No answer from the API: {type(error).__name__}.", exchange) from None
        except BodyDamagedError:
            raise TransientError("The API's answer was damaged on its way: it cannot be unpacked.", exchange) from None
        except BodyTooLargeError:
            most = f"{self.most_body_bytes / 2**20:g} MiB"
            message = f"The API's answer is larger than {most}, which no page or list of it should be: report it."
            raise ContractError(message, exchange) from None
        self.traffic.received_bytes += len(body)
        if response.status_code == httpx.codes.OK:
            return body, exchange
        raise error_of(response.status_code, response.headers, body, exchange)

    def _wait_or_give_up(self, error: Exception) -> bool | float:
        """Stamina's question after a failed attempt: retry (true, or the seconds to wait first), or give up (false)."""
        if not isinstance(error, TransientError):
            return False
        log.info("%s", error)
        wait_s = error.retry_after_s
        if error.exchange.status == httpx.codes.TOO_MANY_REQUESTS:
            self.pace.slow_down(min(wait_s or contract.LIMIT_WINDOW_S / 10, self.give_up_after_s))
        if wait_s is None:
            return True
        return wait_s if wait_s <= self.give_up_after_s else False

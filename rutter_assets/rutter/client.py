"""The client: paced, retried, typed reads of one organization's API.

Every method raises an `ApiError` of the kind that says what to do next. Nothing it logs or raises holds a query
string, a token or an address.
"""

import logging
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Self

import httpx
import stamina
from pydantic import SecretStr

from rutter_assets.errors import ContractError, Exchange, TransientError
from rutter_assets.rutter import contract
from rutter_assets.rutter.decode import Body, Novelties, Page, decode_connections, decode_page, decode_status
from rutter_assets.rutter.pace import Pace
from rutter_assets.rutter.responses import error_of
from rutter_assets.rutter.transport import ACCESS_TOKEN, LaneTransport, SecretTransport
from rutter_assets.rutter.types import Connection, ConnectionStatus
from rutter_assets.rutter.window import Window, unix_ms

log = logging.getLogger(__name__)

TimeField = Literal["created_at", "updated_at"]


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

    `give_up_after_s` bounds the time that one request spends on its attempts and the waits between them; a
    `Retry-After` beyond it is not waited for. The waits double from `first_wait_s` up to 30 s, with as much jitter.
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
    traffic: Traffic = field(default_factory=Traffic)
    novelties: Novelties = field(default_factory=Novelties)

    def __post_init__(self) -> None:
        self._http = httpx.AsyncClient(
            base_url=self.base_url,
            headers={contract.VERSION_HEADER: self.api_version, "Accept": "application/json"},
            timeout=httpx.Timeout(self.timeout_s, connect=10.0, pool=None),
            transport=SecretTransport(LaneTransport(), self.client_id, self.client_secret),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def connections(self) -> list[Connection]:
        """Every connection of the organization, the unhealthy ones included (`status=any`)."""
        answer, exchange = await self._get(contract.CONNECTIONS, {"status": "any"})
        found = decode_connections(answer, exchange, self.novelties)
        for connection in found:
            if connection.status is not None and connection.status not in contract.CONNECTION_STATUSES:
                self.novelties.note_value("connection.status", connection.status)
        return found

    async def status(self, connection: Connection) -> ConnectionStatus:
        """What the API says of one connection's sync and health; it answers for disabled connections too."""
        answer, exchange = await self._get(contract.CONNECTION_STATUS, {}, connection.access_token)
        return decode_status(answer, exchange, self.novelties)

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
            answer, exchange = await self._get(contract.TRANSACTIONS, params, connection.access_token)
            page = decode_page(answer, exchange, self.novelties)
            yield page
            if page.next_cursor is None:
                return
            if page.next_cursor in seen:
                raise ContractError("The API sent the same cursor twice; the walk would never end.", exchange)
            seen.add(page.next_cursor)
            params["cursor"] = page.next_cursor

    async def _get(
        self, path: str, params: dict[str, str], access_token: SecretStr | None = None
    ) -> tuple[Body, Exchange]:
        attempts = stamina.retry_context(
            on=self._wait_or_give_up,
            attempts=None,
            timeout=self.give_up_after_s,
            wait_initial=self.first_wait_s,
            wait_max=30.0,
            wait_jitter=self.first_wait_s,
        )
        async for attempt in attempts:
            with attempt:
                self.traffic.retries += attempt.num > 1
                return await self._attempt(path, params, access_token)
        raise AssertionError  # stamina returns from the loop or raises the last error

    async def _attempt(
        self, path: str, params: dict[str, str], access_token: SecretStr | None
    ) -> tuple[Body, Exchange]:
        waited_s = await self.pace.turn()
        self.traffic.waited_s += waited_s
        self.traffic.requests += 1
        extensions = {} if access_token is None else {ACCESS_TOKEN: access_token}
        try:
            response = await self._http.get(path, params=params, extensions=extensions)
        except httpx.DecodingError:
            raise TransientError("The answer's compression is broken.", Exchange(path)) from None
        except httpx.TransportError as error:
            raise TransientError(f"No answer from the API: {type(error).__name__}.", Exchange(path)) from None
        self.traffic.received_bytes += len(response.content)
        exchange = Exchange(path, response.status_code, None, response.headers.get(contract.REQUEST_ID_HEADER))
        if response.status_code == httpx.codes.OK:
            return memoryview(response.content), exchange
        raise error_of(response.status_code, response.headers, memoryview(response.content), exchange)

    def _wait_or_give_up(self, error: Exception) -> bool | float:
        """Stamina's question after a failed attempt: retry (true, or the seconds to wait first), or give up (false)."""
        if not isinstance(error, TransientError):
            return False
        log.info("%s", error)
        if error.exchange.status == httpx.codes.TOO_MANY_REQUESTS:
            self.pace.slow_down(min(error.retry_after_s or contract.LIMIT_WINDOW_S / 10, self.give_up_after_s))
        if error.retry_after_s is None:
            return True
        return error.retry_after_s if error.retry_after_s <= self.give_up_after_s else False

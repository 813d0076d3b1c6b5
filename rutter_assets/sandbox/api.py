"""The endpoints. Sources are named in the package's docstring."""

import json
import re
from collections.abc import Mapping
from typing import TypeVar

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from rutter_assets.sandbox import connection_body
from rutter_assets.sandbox.clock import Clock
from rutter_assets.sandbox.cursor import cursor_of, position_of
from rutter_assets.sandbox.merchant import Merchant
from rutter_assets.sandbox.moment import to_ms
from rutter_assets.sandbox.refusal import Refusal
from rutter_assets.sandbox.shelf import Position, Selection, Shelf
from rutter_assets.sandbox.transaction_text import with_type_as_array
from rutter_assets.sandbox.world import World

__all__ = ["DEFAULT_LIMIT", "MAX_LIMIT", "ROOT_PATH", "Api"]

ROOT_PATH = "/versioned"
DEFAULT_LIMIT = 50
MAX_LIMIT = 500
"""Not documented for this list; sibling lists say 500."""

_LISTED_BY_DEFAULT = ("active", "not_ready", "unhealthy")
_STATUS_WORDS = (*_LISTED_BY_DEFAULT, "needs_reauth", "disabled")
_Default = TypeVar("_Default", int, None)
_INTEGER = re.compile(r"[0-9]{1,15}")


class Api:
    """The endpoints over one world; `app` is the ASGI application."""

    def __init__(self, world: World, clock: Clock, shelves: Mapping[str, Shelf]) -> None:
        self._world = world
        self._clock = clock
        self._shelves = shelves
        self._by_token = {merchant.access_token: merchant for merchant in world.merchants}
        routes = [
            Route("/connections", self._connections),
            Route("/connections/access_token", self._connection),
            Route("/connections/status", self._status),
            Route("/transactions", self._transactions),
            Route("/transactions/{id}", self._transaction),
        ]
        self.app = Starlette(
            routes=[Mount(ROOT_PATH, routes=routes)],
            exception_handlers={Refusal: _refused, HTTPException: _refused},
        )

    async def _connections(self, request: Request) -> Response:
        wanted = request.query_params.get("status")
        if wanted is None:
            words: tuple[str, ...] = _LISTED_BY_DEFAULT
        elif wanted in _STATUS_WORDS:
            words = (wanted,)
        elif wanted == "any":
            words = _STATUS_WORDS
        else:
            raise Refusal.bad_request(f"status must be one of {', '.join(_STATUS_WORDS)} or any.")
        now_ms = self._now_ms()
        shown = [merchant for merchant in self._world.merchants if merchant.lifecycle.status(now_ms) in words]
        return _json({"connections": [connection_body.line(merchant, now_ms) for merchant in shown]})

    async def _connection(self, request: Request) -> Response:
        return _json({"connection": connection_body.detail(self._merchant(request), self._now_ms())})

    async def _status(self, request: Request) -> Response:
        merchant = self._merchant(request)
        status = connection_body.status(merchant, self._shelves[merchant.id], self._now_ms())
        return _json({"status": status, "connection": connection_body.reference(merchant, self._world.org_id)})

    async def _transactions(self, request: Request) -> Response:
        merchant, now_ms = self._merchant(request), self._now_ms()
        params = request.query_params
        _require_served(merchant, now_ms, params)
        limit = _integer(params, "limit", DEFAULT_LIMIT)
        if not 1 <= limit <= MAX_LIMIT:
            raise Refusal.bad_request(f"limit must be from 1 to {MAX_LIMIT}.")
        sort = params.get("sort", "desc")
        if sort not in ("asc", "desc"):
            raise Refusal.bad_request("sort must be asc or desc.")
        bounds = ("created_at_min", "created_at_max", "updated_at_min", "updated_at_max")
        selection = Selection(*(_integer(params, name, None) for name in bounds))
        bodies, following = self._shelves[merchant.id].page(
            now_ms, selection, _start(params), limit, newest_first=sort == "desc"
        )
        next_cursor = b"null" if following is None else json.dumps(cursor_of(following)).encode()
        return _raw(
            b'{"transactions":[%b],"next_cursor":%b,"connection":%b}'
            % (b",".join(bodies), next_cursor, self._reference(merchant))
        )

    async def _transaction(self, request: Request) -> Response:
        merchant, now_ms = self._merchant(request), self._now_ms()
        _require_served(merchant, now_ms, request.query_params)
        row = self._shelves[merchant.id].row(now_ms, request.path_params["id"])
        if row is None or row.body is None:
            raise Refusal.not_found("transaction")
        body = with_type_as_array(row.body.decode()).encode()
        return _raw(b'{"transaction":%b,"connection":%b}' % (body, self._reference(merchant)))

    def _now_ms(self) -> int:
        return to_ms(self._clock.now())

    def _merchant(self, request: Request) -> Merchant:
        token = request.query_params.get("access_token")
        if not token:
            raise Refusal.bad_request("access_token is required.")
        merchant = self._by_token.get(token)
        if merchant is None:
            raise Refusal.bad_credentials("access_token")
        return merchant

    def _reference(self, merchant: Merchant) -> bytes:
        return json.dumps(connection_body.reference(merchant, self._world.org_id)).encode()


def _require_served(merchant: Merchant, now_ms: int, params: Mapping[str, str]) -> None:
    """Raises the refusal of a connection whose data cannot be had; `force_fetch` helps against one of them."""
    force_fetch = params.get("force_fetch", "false")
    if force_fetch not in ("true", "false"):
        raise Refusal.bad_request("force_fetch must be true or false.")
    trouble = merchant.lifecycle.outage(now_ms)
    if trouble is not None and trouble.kind == "disabled":
        raise Refusal.disabled()
    if trouble is not None and trouble.kind == "needs_reauth":
        raise Refusal.needs_update()
    if not merchant.lifecycle.is_ready(now_ms) and force_fetch == "false":
        raise Refusal.not_ready()


def _start(params: Mapping[str, str]) -> Position | None:
    if "cursor" not in params:
        return None
    position = position_of(params["cursor"])
    if position is None:
        raise Refusal.bad_request("cursor is not one that this list returned.")
    return position


def _integer(params: Mapping[str, str], name: str, default: _Default) -> int | _Default:
    text = params.get(name)
    if text is None:
        return default
    if _INTEGER.fullmatch(text) is None:
        raise Refusal.bad_request(f"{name} must be a non-negative integer.")
    return int(text)


def _json(body: object) -> Response:
    return _raw(json.dumps(body, separators=(",", ":")).encode())


def _raw(body: bytes) -> Response:
    return Response(body, media_type="application/json")


async def _refused(request: Request, error: Exception) -> Response:  # noqa: ARG001 - Starlette's signature
    if isinstance(error, HTTPException):
        error = Refusal.not_found("endpoint")
    assert isinstance(error, Refusal)  # noqa: S101 - the two classes it is registered for
    return Response(error.body, error.status, media_type="application/json")

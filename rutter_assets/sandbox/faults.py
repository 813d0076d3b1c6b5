"""What can go wrong between a client and the API, one function each; `docs/faults.md` says what comes of it.

    with Sandbox(world, clock, faults=[faults.limited("2"), faults.cut().on("/connections")]) as sandbox: ...
    sandbox.script.add(faults.stalled().on(after=3))

Each is met once, by the next request that fits; `[faults.failing()] * 3` is a burst. One that no request meets makes
the end of the sandbox raise. Unless told otherwise they meet `/transactions`.
"""

import gzip
import json
import zlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from rutter_assets.sandbox.cursor import cursor_of
from rutter_assets.sandbox.given import json_text
from rutter_assets.sandbox.moment import to_ms
from rutter_assets.sandbox.refusal import Refusal
from rutter_assets.sandbox.script import Call, Fault
from rutter_assets.sandbox.shelf import Position

__all__ = [
    "ABSENT", "answer", "cursor_again", "cursor_to_start", "cut", "cut_in_body", "dripping", "empty_page", "failing",
    "gzip_bomb", "huge", "limited", "limited_by_platform", "meanwhile", "no_api", "of_another_shape", "packed",
    "packed_badly", "redirected", "refused_by_platform", "row_changed", "rows_again", "silent", "stalled",
    "token_refused", "truncated", "without_cursor",
]  # fmt: skip

JSON: Final = {"Content-Type": "application/json"}
HTML: Final = {"Content-Type": "text/html"}
ABSENT: Final = object()
"""A field of `row_changed` that is left out."""

_PIECE_BYTES: Final = 64 * 1024


def answer(status: int = 200, body: Any = "", headers: Mapping[str, str] = {}) -> Fault:
    """This answer instead of the endpoint's; a body that is not text is sent as JSON."""
    content = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json_text(body).encode()

    async def play(call: Call) -> None:
        await call.answer(status, content, headers)

    return Fault(f"answer {status}", play)


def _refused(refusal: Refusal, headers: Mapping[str, str]) -> Fault:
    return answer(refusal.status, refusal.body, JSON | dict(headers))


def limited(retry_after: str | None = None) -> Fault:
    """429: too many requests, with `Retry-After` as given; None: without, as it is documented."""
    return _refused(Refusal.too_many_requests(), {} if retry_after is None else {"Retry-After": retry_after})


def failing(status: int = 502) -> Fault:
    """A fault of the server, told by a proxy's page in HTML."""
    return answer(status, f"<html><title>{status}</title>Please try again later.</html>", HTML)


def refused_by_platform() -> Fault:
    """450: the merchant's platform called Rutter's own request wrong."""
    return _refused(Refusal(450, "PLATFORM_ERROR", "PLATFORM_BAD_REQUEST", "The platform refused the request."), {})


def limited_by_platform() -> Fault:
    """452: the merchant's platform limits Rutter's requests."""
    return _refused(Refusal(452, "PLATFORM_ERROR", "PLATFORM_RATE_LIMIT", "The platform limits the requests."), {})


def token_refused() -> Fault:
    """401: the access token is not known. (For all at once, let `meanwhile` renew the client secret.)"""
    return _refused(Refusal.bad_credentials("access_token"), {})


def redirected(to: str) -> Fault:
    """A redirect to another address."""
    return answer(307, "", {"Location": to})


def of_another_shape(body: Any) -> Fault:
    """200 with JSON that is no page."""
    return answer(200, body, JSON)


def no_api() -> Fault:
    """200 with a web page: whoever answers is not the API."""
    return answer(200, "<html>Welcome to the shop of nobody (sample).</html>", HTML)


def silent() -> Fault:
    """No answer at all, until the client gives up."""

    async def play(call: Call) -> None:
        await call.until_gone()

    return Fault("silent", play)


def stalled() -> Fault:
    """Half of the body, then nothing more until the client gives up."""

    async def play(call: Call) -> None:
        await _half(call)
        await call.until_gone()

    return Fault("stalled", play)


def dripping(pause_s: float) -> Fault:
    """A byte of the body each `pause_s`, so that no single wait is long."""

    async def play(call: Call) -> None:
        status, body = await call.asked()
        await call.start(status, JSON | {"Content-Length": str(len(body))})
        for position in range(len(body)):
            await call.body(body[position : position + 1], is_last=position == len(body) - 1)
            if await call.until_gone(pause_s):
                return

    return Fault("dripping", play)


def cut() -> Fault:
    """The connection ends without an answer."""

    async def play(call: Call) -> None:
        await call.hang_up()

    return Fault("cut", play)


def cut_in_body() -> Fault:
    """The connection ends in the middle of the body."""

    async def play(call: Call) -> None:
        await _half(call)
        await call.hang_up()

    return Fault("cut in body", play)


async def _half(call: Call) -> None:
    status, body = await call.asked()
    await call.start(status, JSON | {"Content-Length": str(len(body))})
    await call.body(body[: len(body) // 2])


def truncated() -> Fault:
    """The first half of the JSON as if it were all: a proxy that lost the rest."""

    async def play(call: Call) -> None:
        status, body = await call.asked()
        await call.answer(status, body[: len(body) // 2], JSON)

    return Fault("truncated", play)


def huge(size_bytes: int = 100_000_000) -> Fault:
    """A page with an id of this size, made while it is sent."""

    async def play(call: Call) -> None:
        await _streamed(call, JSON, _huge(size_bytes))

    return Fault("huge", play)


def gzip_bomb(size_bytes: int = 100_000_000) -> Fault:
    """The same page, compressed to a thousandth of its size."""

    def packed() -> Iterator[bytes]:
        packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
        yield from (packer.compress(piece) for piece in _huge(size_bytes))
        yield packer.flush()

    async def play(call: Call) -> None:
        await _streamed(call, JSON | {"Content-Encoding": "gzip"}, packed())

    return Fault("gzip bomb", play)


def _huge(size_bytes: int) -> Iterator[bytes]:
    yield b'{"next_cursor":null,"transactions":[{"id":"'
    for _ in range(size_bytes // _PIECE_BYTES):
        yield b"x" * _PIECE_BYTES
    yield b'"}]}'


async def _streamed(call: Call, headers: Mapping[str, str], pieces: Iterator[bytes]) -> None:
    await call.start(200, headers)
    for piece in pieces:
        await call.body(piece)
        if await call.until_gone(0):
            return
    await call.body(b"", is_last=True)


def packed() -> Fault:
    """The answer as it is, packed with gzip: no fault but a right of every server that is offered it."""

    async def play(call: Call) -> None:
        status, body = await call.asked()
        await call.answer(status, gzip.compress(body), JSON | {"Content-Encoding": "gzip"})

    return Fault("packed", play)


def packed_badly() -> Fault:
    """A body that is said to be gzip and is not."""
    return answer(200, b"this is no gzip", JSON | {"Content-Encoding": "gzip"})


def meanwhile(act: Callable[[], object]) -> Fault:
    """Something happens right before the endpoint answers: the clock moves on, rows appear, a secret is renewed."""

    async def play(call: Call) -> None:
        act()
        await call.pass_on()

    return Fault("meanwhile", play)


def cursor_again() -> Fault:
    """The cursor that leads to this page is given as the one that leads on; for a page that a cursor led to."""

    async def change(call: Call, page: dict[str, Any]) -> None:
        page["next_cursor"] = call.params["cursor"]

    return _page("cursor again", change)


def cursor_to_start() -> Fault:
    """The cursor leads back to the second page of the walk."""

    async def change(call: Call, page: dict[str, Any]) -> None:
        page["next_cursor"] = _decoded((await call.asked(cursor=None))[1])["next_cursor"]

    return _page("cursor to start", change)


def empty_page() -> Fault:
    """No rows, and a cursor that leads to where the page's rows are; for a walk with `sort=asc`."""

    async def change(_: Call, page: dict[str, Any]) -> None:
        first = page["transactions"][0]
        before_ms = to_ms(datetime.fromisoformat(first["created_at"])) - 1
        page["next_cursor"] = cursor_of(Position(before_ms, "~"))
        page["transactions"] = []

    return _page("empty page", change)


def without_cursor() -> Fault:
    """A page that has no field `next_cursor`, as older documentation has the last one."""

    async def change(_: Call, page: dict[str, Any]) -> None:
        del page["next_cursor"]

    return _page("without cursor", change)


def rows_again(count: int = 10) -> Fault:
    """The page begins with the last rows of the walk's first page once more."""

    async def change(call: Call, page: dict[str, Any]) -> None:
        page["transactions"][:0] = _decoded((await call.asked(cursor=None))[1])["transactions"][-count:]

    return _page("rows again", change)


def row_changed(row_id: str, **fields: object) -> Fault:
    """That row, where the page has it, has these values instead of its own; `ABSENT` leaves a field out."""

    async def change(_: Call, page: dict[str, Any]) -> None:
        for row in [row for row in page["transactions"] if row["id"] == row_id]:
            row |= {name: value for name, value in fields.items() if value is not ABSENT}
            for name in [name for name, value in fields.items() if value is ABSENT]:
                row.pop(name, None)

    return _page(f"row changed ({', '.join(fields)})", change)


def _page(name: str, change: Callable[[Call, dict[str, Any]], Awaitable[None]]) -> Fault:
    async def play(call: Call) -> None:
        status, body = await call.asked()
        page = _decoded(body)
        await change(call, page)
        await call.answer(status, json_text(page).encode(), JSON)

    return Fault(name, play)


def _decoded(body: bytes) -> dict[str, Any]:
    page: dict[str, Any] = json.loads(body, parse_float=Decimal)
    return page

"""The body of an answer, within a bound that counts what it unpacks to.

httpx unpacks whatever a piece of 64 KB holds, which may be 64 MB; so the body is taken raw and unpacked here.
"""

import zlib
from collections.abc import Callable
from typing import Final

import httpx

ACCEPT_ENCODING: Final = "gzip"
"""What `read_body` can unpack, besides what is not packed at all."""

MOST_BODY_BYTES: Final = 32 * 2**20
"""64 KB for each row of a full page, where 1 KB is usual, and 40,000 connections in their list, which has no pages."""


class BodyTooLargeError(Exception):
    """The body is larger than the bound; the rest of it was not read."""


class BodyDamagedError(Exception):
    """The body is packed in a way that cannot be unpacked."""


async def read_body(response: httpx.Response, most_bytes: int) -> memoryview:
    """The whole body, unpacked; no more than `most_bytes` and one piece from the network are ever held.

    As a view, whose `repr` shows none of it where a traceback prints variables: an answer may echo what was sent.
    """
    unpack, is_whole = _unpacker(response.headers.get("Content-Encoding", ""))
    pieces, size_bytes = [], 0
    async for raw in response.aiter_raw():
        piece = unpack(raw, most_bytes + 1 - size_bytes)
        size_bytes += len(piece)
        if size_bytes > most_bytes:
            raise BodyTooLargeError
        pieces.append(piece)
    if not is_whole():
        raise BodyDamagedError
    return memoryview(b"".join(pieces))


def _unpacker(encoding: str) -> tuple[Callable[[bytes, int], bytes], Callable[[], bool]]:
    """How to unpack the next piece to so many bytes at most, and how to ask at the end whether that was all."""
    if encoding.strip().lower() in ("", "identity"):
        return lambda raw, _: raw, lambda: True
    if encoding.strip().lower() not in ("gzip", "x-gzip"):
        raise BodyDamagedError
    gzip = zlib.decompressobj(zlib.MAX_WBITS | 16)

    def unpack(raw: bytes, most_bytes: int) -> bytes:
        try:
            piece = gzip.decompress(raw, most_bytes)
        except zlib.error:
            raise BodyDamagedError from None
        if gzip.unused_data:
            raise BodyDamagedError
        return piece

    return unpack, lambda: gzip.eof

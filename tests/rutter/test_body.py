"""Bodies: whole, unpacked, and never larger than the bound, however they come in pieces."""

import asyncio
import gzip
from collections.abc import AsyncIterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rutter_assets.rutter.body import BodyDamagedError, BodyTooLargeError, read_body

BODY = b'{"transactions":[],"next_cursor":null}' * 7
BODY_BYTES = len(BODY)
PACKED = gzip.compress(BODY, mtime=0)


def read(content: bytes, encoding: str | None, piece_bytes: int, most_bytes: int = BODY_BYTES) -> bytes:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(content), piece_bytes):
            yield content[start : start + piece_bytes]

    headers = {} if encoding is None else {"Content-Encoding": encoding}
    return bytes(asyncio.run(read_body(httpx.Response(200, headers=headers, content=pieces()), most_bytes)))


@given(piece_bytes=st.integers(1, 400))
def test_a_body_is_the_same_in_whatever_pieces_it_comes(piece_bytes: int) -> None:
    for content, encoding in ((BODY, None), (BODY, "identity"), (PACKED, "gzip"), (PACKED, "GZIP"), (PACKED, "x-gzip")):
        assert read(content, encoding, piece_bytes) == BODY


@given(piece_bytes=st.integers(1, 400), most_bytes=st.integers(0, BODY_BYTES - 1))
def test_one_byte_above_the_bound_is_too_large(piece_bytes: int, most_bytes: int) -> None:
    for content, encoding in ((BODY, None), (PACKED, "gzip")):
        with pytest.raises(BodyTooLargeError):
            read(content, encoding, piece_bytes, most_bytes)


@given(piece_bytes=st.integers(1, 400), length=st.integers(0, len(PACKED) - 1))
def test_a_packed_body_that_ends_early_is_damaged(piece_bytes: int, length: int) -> None:
    with pytest.raises(BodyDamagedError):
        read(PACKED[:length], "gzip", piece_bytes)


DAMAGED = {
    "more after the end": (PACKED + b"more", "gzip"),
    "a second body": (PACKED + PACKED, "gzip"),
    "not packed": (BODY, "gzip"),
    "another packing": (PACKED, "br"),
}


@pytest.mark.parametrize("piece_bytes", [1, 400])
@pytest.mark.parametrize(("content", "encoding"), DAMAGED.values(), ids=DAMAGED.keys())
def test_what_cannot_be_unpacked_is_damaged(content: bytes, encoding: str, piece_bytes: int) -> None:
    with pytest.raises(BodyDamagedError):
        read(content, encoding, piece_bytes)

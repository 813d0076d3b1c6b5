"""Cursors: opaque to clients; base64 of the timestamp and id of the next row, as the documentation describes them.

The documented sample decodes to Unix *seconds* and an id. Here it is milliseconds, so that the position is exact.
"""

import base64
import binascii
import re

from rutter_assets.sandbox.shelf import Position

__all__ = ["cursor_of", "position_of"]

_POSITION = re.compile(r"([0-9]{1,15})_(.+)")


def cursor_of(position: Position) -> str:
    """The cursor that leads to a row."""
    return base64.b64encode(f"{position.created_ms}_{position.id}".encode()).decode()


def position_of(cursor: str) -> Position | None:
    """Where a cursor leads; None if it is not one of ours."""
    try:
        text = base64.b64decode(cursor, validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    match = _POSITION.fullmatch(text)
    return None if match is None else Position(int(match[1]), match[2])

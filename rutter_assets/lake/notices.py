"""Notices: the days that a commit may change, put beside the data before it does and removed once they were told.

One whose process is gone was perhaps never told, so the next commit tells its days again.
"""

from collections.abc import Sequence
from datetime import date
from uuid import uuid4

import msgspec

from rutter_assets.errors import NOT_JSON
from rutter_assets.lake import layout
from rutter_assets.lake.storage import Storage

Span = tuple[date, date]
"""The first and the last day."""


def put(storage: Storage, spans: Sequence[Span]) -> str:
    """Put a notice of these days; its path."""
    path = layout.notice(storage.owner, uuid4().hex)
    storage.write(path, msgspec.json.encode(spans))
    return path


def unheard(storage: Storage) -> tuple[list[str], set[date]]:
    """The notices that a process left behind when it ended too early, and the stored days that they may mean."""
    paths = [path for path in storage.paths(layout.NOTICES) if is_abandoned(storage, path)]
    spans = [span for path in paths for span in _spans(storage, path)]
    if not spans:
        return paths, set()
    stored = {day for path in storage.paths("transactions") if (day := layout.day_of(path))}
    return paths, {day for day in stored if any(first <= day <= last for first, last in spans)}


def is_abandoned(storage: Storage, path: str) -> bool:
    """Whether the process that a notice or a staged file belongs to has ended."""
    owner = layout.owner_of(path)
    return owner != storage.owner and storage.is_abandoned(owner)


def _spans(storage: Storage, path: str) -> list[Span]:
    try:
        return msgspec.json.decode(storage.read(path) or b"[]", type=list[Span])
    except NOT_JSON:
        return [(date.min, date.max)]  # nobody knows what it was about, so every day is told again

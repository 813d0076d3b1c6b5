"""Rows written by hand or recorded, as a source: served exactly as they were given."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from rutter_assets.sandbox.moment import NEVER_MS, to_ms
from rutter_assets.sandbox.version import Version

__all__ = ["GivenRow", "GivenRows", "given_row", "gone", "json_text"]

GivenRow = Mapping[str, object] | str | bytes | Version
"""A row as a dict (numbers as `int` or `Decimal`), as JSON text, or as a `Version` with its own time of appearance."""


class GivenRows:
    """A source over versions that are already there; several with one `id` are that row's history."""

    starts_ms = 0
    step_ms = NEVER_MS

    def __init__(self, rows: Iterable[GivenRow]) -> None:
        self.versions = [row if isinstance(row, Version) else given_row(row) for row in rows]

    def drawn(self, from_ms: int, to_ms: int) -> Iterable[Version]:  # noqa: ARG002 - there is one step only
        """All of them."""
        return self.versions


def given_row(row: Mapping[str, object] | str | bytes, *, appears_at: datetime | None = None) -> Version:
    """The version that a row describes; visible from `updated_at` on, or from `appears_at` if that is later.

    Text is kept byte for byte. `id` and `created_at` must be there (`ValueError`); an absent `updated_at` is taken
    to be `created_at`. A dict is written as JSON with its `Decimal`s digit by digit; a float raises `TypeError`.
    """
    body = json_text(row).encode() if isinstance(row, Mapping) else row.encode() if isinstance(row, str) else row
    fields = json.loads(body)
    if not isinstance(fields, dict) or not fields.get("id") or not fields.get("created_at"):
        raise ValueError(f"A given row needs at least an id and a created_at: {body[:200]!r}")
    created_at = fields["created_at"]
    return Version(
        created_ms=_instant_ms(created_at),
        id=fields["id"],
        updated_ms=_instant_ms(fields.get("updated_at") or created_at),
        body=body.strip(),
        not_before_ms=0 if appears_at is None else to_ms(appears_at),
    )


def gone(row_id: str, at: datetime) -> Version:
    """The disappearance of a row at `at`: from then on no call shows it, and nothing announces it."""
    return Version(created_ms=0, id=row_id, updated_ms=to_ms(at), body=None)


def json_text(value: object) -> str:
    """Compact JSON of a value, every `Decimal` a number with the digits it has; a float raises `TypeError`."""
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"{value} has no JSON number.")
        return str(value)
    if isinstance(value, float):
        raise TypeError(f"{value!r} is a float; write money as Decimal, int or JSON text, so that it stays exact.")
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json.dumps(str(key))}:{json_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(json_text, value)) + "]"
    return json.dumps(value)


def _instant_ms(text: str) -> int:
    return to_ms(datetime.fromisoformat(text))

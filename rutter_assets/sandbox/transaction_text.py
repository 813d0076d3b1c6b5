"""A row's JSON text taken apart without touching it: every value keeps the characters it was served with."""

import json

__all__ = ["raw_fields", "with_type_as_array"]

_DECODER = json.JSONDecoder()
_SPACE = " \t\r\n"


def raw_fields(body: str) -> dict[str, str]:
    """The values of a JSON object by key, each as its own JSON text. Not an object: `ValueError`."""
    at = _past_space(body, 0)
    if body[at : at + 1] != "{":
        raise ValueError(f"A transaction must be a JSON object: {body[:80]!r}")
    fields: dict[str, str] = {}
    at = _past_space(body, at + 1)
    while body[at] != "}":
        key, at = _DECODER.raw_decode(body, at)
        start = _past_space(body, _past_space(body, at) + 1)  # past the colon
        _, end = _DECODER.raw_decode(body, start)
        fields[key] = body[start:end]
        at = _past_space(body, end)
        if body[at] == ",":
            at = _past_space(body, at + 1)
    return fields


def with_type_as_array(body: str) -> str:
    """The row as `GET /transactions/{id}` has it: there, and only there, `type` is an array."""
    fields = raw_fields(body)
    if "type" in fields:
        fields["type"] = f"[{fields['type']}]"
    return "{" + ",".join(f"{json.dumps(key)}:{text}" for key, text in fields.items()) + "}"


def _past_space(text: str, at: int) -> int:
    while text[at : at + 1] in _SPACE and at < len(text):
        at += 1
    return at

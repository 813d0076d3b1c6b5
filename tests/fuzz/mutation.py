"""Valid JSON documents, damaged: bytes flipped or cut off, values swapped for odd ones, keys doubled or gone."""

import copy
import json
from typing import Any, Final

from hypothesis import strategies as st

DEEP: Final = 3_000
"""Deeper than any decoder that calls itself goes."""

ODD_TOKENS: Final = (
    *("null", "true", "-1", "0", "7", "-0.0", "1e400", "-1e400", "1e-400", "1E+999999999", "1e99999999999999999999"),
    *("NaN", "Infinity", "9" * 40, "0." + "1" * 40, "9" * 5_000, "99999999999999999999999999999.999999999"),
    *('""', '"x"', '"NaN"', '"1e5"', '"Infinity"', '"sNaN"', '"1_000"', '"\u0661\u0662"', '"\\ud800"', '"\\u0000"'),
    *('"\\ud83d\\ude00"', '"' + "x" * 70_000 + '"', '"0000-00-00T00:00:00Z"', '"0001-01-01T00:00:00+23:59"'),
    *('"9999-12-31T23:59:59.999999-23:59"', '"10000-01-01T00:00:00Z"', '"-0001-01-01T00:00:00Z"'),
    *('"292277-01-01T00:00:00Z"', '"2026-02-30T00:00:00Z"', '"2026-01-01T25:00:00Z"', '"2026-01-01T00:00:60Z"'),
    *('"2026-01-01T00:00:00"', '"2026-01-01T00:00:00.1234567891Z"', '"2026-01-01"', '"2026-01-01 00:00:00+00:00"'),
    *('"1677-01-01T00:00:00Z"', '"2026-01-01T00:00:00+00:00:01"', '"0001-01-01"', '"9999-12-31"', '"../../x"', "[]"),
    *("{}", "[null]", "[[1,2],[3,4]]", '{"a":{"b":[1]}}', '{"":0,"":1}'),
    *("[" * DEEP + "]" * DEEP, '{"a":' * DEEP + "1" + "}" * DEEP),
)
"""Values that some reader may not expect where they stand."""

_MARK: Final = "\u2603odd{}\u2603"


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) of a document."""
    found = []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inside in items:
        found.append((value, key))
        found += _places(inside)
    return found


@st.composite
def mutated(draw: st.DrawFn, documents: tuple[Any, ...]) -> bytes:
    """One of the documents with one to four things wrong in it, or none."""
    document = copy.deepcopy(draw(st.sampled_from(documents)))
    tokens: list[str] = []
    for _ in range(draw(st.integers(0, 3))):
        places = _places(document)
        if not places:
            break
        container, key = draw(st.sampled_from(places))
        kind = draw(st.sampled_from(("swap", "swap", "swap", "drop", "rename", "again")))
        if kind == "swap":
            container[key] = _MARK.format(len(tokens))
            tokens.append(draw(st.sampled_from(ODD_TOKENS)))
        elif kind == "drop":
            del container[key]
        elif kind == "rename" and isinstance(container, dict):
            container[draw(st.text(max_size=5))] = container.pop(key)
        elif kind == "again" and isinstance(container, list):
            container.append(copy.deepcopy(container[key]))
    text = json.dumps(document)
    for number, token in enumerate(tokens):
        text = text.replace(json.dumps(_MARK.format(number)), token)
    return draw(_damaged(text.encode()))


@st.composite
def _damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """The bytes as they are, or flipped, cut, filled in or repeated somewhere."""
    kind = draw(st.sampled_from(("none", "none", "none", "flip", "cut", "fill", "repeat", "double")))
    at = draw(st.integers(0, max(0, len(content) - 1)))
    match kind:
        case "flip":
            return content[:at] + bytes([draw(st.integers(0, 255))]) + content[at + 1 :]
        case "cut":
            return content[:at]
        case "fill":
            return content[:at] + draw(st.binary(max_size=8)) + content[at:]
        case "repeat":
            return content[:at] + content[at : at + draw(st.integers(1, 50))] * 2 + content[at:]
        case "double" if content.startswith(b"{") and len(content) < 10_000:
            return content[:-1] + b"," + content[1:]  # every key twice
    return content

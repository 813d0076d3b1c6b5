"""`docs/faults.md` names every fault and every test that plays one, and what `guarantees.md` names is there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from rutter_assets.sandbox import faults

TESTS = Path(__file__).parents[1]
GUARANTEES = TESTS.parent / "docs" / "guarantees.md"
PAGE = TESTS.parent / "docs" / "faults.md"
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in PAGE.read_text().splitlines()
    if line.startswith("| ") and "`test_" in line
]


def called(cell: str) -> set[str]:
    """The faults that a cell names."""
    return set(re.findall(r"`(\w+)\(", cell))


def named_in(cell: str) -> set[str]:
    return set(re.findall(r"`(test_\w+)`", cell))


@cache
def sources_in(folder: Path) -> dict[str, str]:
    """The text of each test with its decorators, by its name."""
    found = {}
    for file in set(folder.rglob("test_*.py")) - {Path(__file__)}:
        text = file.read_text()
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                parts = [ast.get_source_segment(text, part) or "" for part in (node, *node.decorator_list)]
                found[node.name] = "\n".join(parts)
    return found


def test_every_fault_is_in_the_table_and_no_other() -> None:
    named = set().union(*(called(row[0]) for row in ROWS))
    assert named == set(faults.__all__) - {"ABSENT", "answer"}  # a value, and the means to any answer


@pytest.mark.parametrize("row", ROWS, ids=[f"row {number}" for number in range(1, len(ROWS) + 1)])
def test_each_row_names_tests_that_play_its_faults(row: list[str]) -> None:
    fault, _, _, tests = row
    sources = sources_in(TESTS)
    for fault_name in called(fault):
        assert any(f"faults.{fault_name}(" in sources[test] for test in named_in(tests)), fault_name


def test_every_test_that_plays_a_fault_is_in_the_table() -> None:
    named = set().union(*(named_in(row[3]) for row in ROWS))
    played = {name for name, source in sources_in(TESTS / "faults").items() if "serve: ServeWorld" in source}
    assert played <= named


def test_every_test_that_the_promises_of_this_part_name_is_there() -> None:
    part = GUARANTEES.read_text().split("## When the API misbehaves")[1].split("\n## ")[0]
    named = named_in(part)
    assert len(named) > 10
    assert named <= sources_in(TESTS).keys() | {name for name in globals() if name.startswith("test_")}

"""Imports run one way, and the sandbox stays a witness."""

import ast
from pathlib import Path

import pytest

import rutter_assets

ROOT = Path(rutter_assets.__file__).parent
FOUNDATION = {"errors", "settings"}
MAY_IMPORT = {
    "errors": set(),
    "settings": {"errors"},
    "rutter": FOUNDATION,
    "lake": FOUNDATION,
    "marts": FOUNDATION | {"lake"},
    "report": FOUNDATION | {"marts", "lake", "rutter"},
    "ingest": FOUNDATION | {"lake", "rutter", "sandbox"},
    "defs": FOUNDATION | {"ingest", "report", "marts", "lake", "rutter"},
    "cli": FOUNDATION | {"ingest", "report", "marts", "lake", "rutter", "defs", "sandbox"},
    "definitions": FOUNDATION | {"defs"},
    "downstream": FOUNDATION | {"defs"},
    "sandbox": set(),
}
"""Whom each part may import, besides itself. `ingest.source` hosts the sandbox when there are no credentials."""


@pytest.mark.parametrize("file", sorted(ROOT.rglob("*.py")), ids=lambda file: str(file.relative_to(ROOT)))
def test_a_file_imports_only_what_lies_below_it(file: Path) -> None:
    part = file.relative_to(ROOT).parts[0].removesuffix(".py")
    if part == "__init__":
        return
    allowed = MAY_IMPORT[part] | {part}
    for node in ast.walk(ast.parse(file.read_text())):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        for name in names:
            if name.startswith("rutter_assets."):
                assert name.split(".")[1] in allowed, f"{file} imports {name}"


def test_only_defs_and_definitions_know_dagster() -> None:
    for file in ROOT.rglob("*.py"):
        if file.relative_to(ROOT).parts[0] not in ("defs", "definitions.py", "cli"):
            assert "import dagster" not in file.read_text(), file

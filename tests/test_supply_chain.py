"""The locks say exactly what is installed, and from nowhere; whose code that is, and under which licence."""

import ast
import importlib.metadata
import re
import sys
import tomllib
from collections.abc import Iterator
from typing import Final

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import rutter_assets
from tests.licences import ROOT, page

LOCKS: Final = ("newest", "lowest", "runtime")
PROJECT: Final = tomllib.loads((ROOT / "pyproject.toml").read_text())

ALLOWED: Final = {
    *("MIT", "MIT-0", "MIT License", "ISC License (ISCL)", "0BSD", "Zlib", "CC0-1.0", "Public Domain"),
    *("BSD", "BSD License", "BSD-2-Clause", "BSD-3-Clause", "3-Clause BSD License"),
    *("Apache-2.0", "Apache Software License"),
    *("PSF-2.0", "Python Software Foundation License", "CNRI-Python"),
    *("MPL-2.0", "Mozilla Public License 2.0 (MPL 2.0)"),
    "DFSG approved",
}
"""What may be passed on beside code of any licence. The MPL asks for changes to its own files alone: we make none."""


def requirements(group: str | None = None) -> Iterator[Requirement]:
    """The direct dependencies of the package, or of one of its groups."""
    for item in PROJECT["project"]["dependencies"] if group is None else PROJECT["dependency-groups"][group]:
        if isinstance(item, str):
            yield Requirement(item)
        else:
            yield from requirements(item["include-group"])


def pins(lock: str) -> dict[str, str]:
    """The version of each package of a lock, for the Python and the platform that run this."""
    found: dict[str, str] = {}
    for line in re.findall(r"^([^\s#].*) \\$", (ROOT / "locks" / f"{lock}.txt").read_text(), re.MULTILINE):
        pin = Requirement(line)
        if pin.marker is None or pin.marker.evaluate():
            found[canonicalize_name(pin.name)] = str(pin.specifier).removeprefix("==")
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_host_and_every_package_by_version_and_hash(lock: str) -> None:
    text = (ROOT / "locks" / f"{lock}.txt").read_text()
    assert "://" not in text
    assert "--index" not in text
    for entry in re.split(r"\n(?=\S)", text.strip()):
        first, *hashes = entry.split(" \\\n")
        assert re.fullmatch(r"[\w.-]+==[\w.!+]+( ; .+)?", first), first
        assert hashes, first
        assert all(re.fullmatch(r" {4}--hash=sha256:[0-9a-f]{64}", one) for one in hashes), first


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_is_up_to_date_with_what_pyproject_asks(lock: str) -> None:
    asked = [*requirements(), *(() if lock == "runtime" else requirements("dev"))]
    locked = pins(lock)
    assert [str(one) for one in asked if not one.specifier.contains(locked[canonicalize_name(one.name)])] == []


def test_the_lowest_lock_holds_the_floors_that_pyproject_promises() -> None:
    locked = pins("lowest")
    for one in requirements():
        (floor,) = [Version(part.version).release for part in one.specifier if part.operator == ">="]
        assert Version(locked[canonicalize_name(one.name)]).release[: len(floor)] == floor, str(one)


def test_what_is_installed_is_what_the_newest_lock_says() -> None:
    locked = pins("newest")
    installed = {str(canonicalize_name(one.name)): one.version for one in importlib.metadata.distributions()}
    venvs_own = {"pip", "setuptools", "rutter-assets"}
    assert {name: installed.get(name) for name in locked} == locked
    assert installed.keys() - locked.keys() - venvs_own == set()


def test_the_package_imports_nothing_that_it_does_not_declare() -> None:
    declared = {canonicalize_name(one.name) for one in requirements()}
    gives = importlib.metadata.packages_distributions()
    for file in (ROOT / rutter_assets.__name__).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in {name.split(".")[0] for name in names} - sys.stdlib_module_names - {"rutter_assets"}:
                assert declared & {canonicalize_name(one) for one in gives[name]}, f"{file.name} imports {name}"


def test_every_dependency_has_a_licence_that_we_may_pass_on() -> None:
    shown = (ROOT / "docs/licences.md").read_text()
    assert shown == page(), "run `make licences`"
    rows = dict(re.findall(r"^\| (\S+) +\| (.+?) +\|$", shown, re.MULTILINE))
    assert pins("runtime").keys() <= {canonicalize_name(name) for name in rows}
    for name, licences in rows.items():
        if name != "Name":
            assert set(re.split("; | AND | OR ", licences)) <= ALLOWED, f"{name}: {licences}"

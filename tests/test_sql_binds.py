"""SQL is a file or a constant, and values are bound: no query is put together from parts."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

import rutter_assets

ROOT: Final = Path(rutter_assets.__file__).parent
RUNS_SQL: Final = {"sql", "execute", "executemany", "query", "from_query", "SQLExpression"}
TAKES_SQL: Final = {"filter", "project", "select", "order", "sort", "aggregate", "create_view", "join"}

PUT_TOGETHER: Final = {
    ("marts/kept.py", "_attach"): "ATTACH takes no parameter; the path is our own, and quoted",
    ("marts/relations.py", "rows"): "names of our own declarations, to order by",
    ("marts/warehouse.py", "build"): "ATTACH and DETACH take no parameter; the path is our own, and quoted",
    ("marts/warehouse.py", "_table"): "names of our own declarations; ALTER TABLE takes no parameter",
    ("marts/warehouse.py", "_view"): "USE takes no parameter; the name is a constant",
    ("marts/warehouse.py", "_comment"): "COMMENT takes no parameter; names and texts of our own declarations, quoted",
}
"""The functions that put statements together, and why they must."""


def calls(tree: ast.AST, function: str = "") -> Iterator[tuple[str, ast.Call]]:
    """Every call with the name of the outermost function that it is in."""
    for node in ast.iter_child_nodes(tree):
        is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        inside = function or (node.name if is_function else "")  # type: ignore[attr-defined]
        if isinstance(node, ast.Call):
            yield inside, node
        yield from calls(node, inside)


def is_fixed(argument: ast.expr) -> bool:
    """A constant, the text of one of our SQL files, or the query of a mart, which is that."""
    match argument:
        case ast.Constant():
            return True
        case ast.Call(func=ast.Attribute(attr="sql") | ast.Name(id="sql")):
            return True
        case ast.Attribute(attr="sql"):
            return True
    return False


def is_put_together(argument: ast.expr) -> bool:
    """An f-string, a sum or a remainder of strings, or a call of `format` or `join`."""
    match argument:
        case ast.JoinedStr() | ast.BinOp(op=ast.Add() | ast.Mod()):
            return True
        case ast.Call(func=ast.Attribute(attr="format" | "join")):
            return True
    return False


def offences(source: str) -> list[tuple[str, str]]:
    """The functions of a module that put SQL together, with the line."""
    found = []
    for function, call in calls(ast.parse(source)):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if ast.unparse(call.func) in ("sql", "engine.sql"):
            continue  # which reads a file
        if name in RUNS_SQL and call.args and not is_fixed(call.args[0]):
            found.append((function, ast.unparse(call)))
        if name in TAKES_SQL and any(is_put_together(argument) for argument in call.args):
            found.append((function, ast.unparse(call)))
    return found


def test_no_query_is_put_together_but_where_sql_takes_no_parameter() -> None:
    found = {
        (str(file.relative_to(ROOT)), function)
        for file in ROOT.rglob("*.py")
        if "sandbox" not in file.parts
        for function, _ in offences(file.read_text())
    }
    assert found == PUT_TOGETHER.keys()


@pytest.mark.parametrize(
    "source",
    [
        'def f(c, x): c.sql(f"select {x}")',
        'def f(c, x): c.execute("select " + x)',
        'def f(c, x): c.execute("select %s" % x)',
        'def f(c, x): c.sql("select {}".format(x))',
        "def f(c, x): c.execute(x)",
        "def f(c, x): c.filter(f\"id = '{x}'\")",
    ],
)
def test_the_search_finds_a_query_that_is_put_together(source: str) -> None:
    assert [function for function, _ in offences(source)] == ["f"]


def test_no_file_of_sql_has_a_place_to_be_filled_in() -> None:
    for file in ROOT.rglob("*.sql"):
        text = file.read_text()
        assert "{{" not in text
        assert "%s" not in text

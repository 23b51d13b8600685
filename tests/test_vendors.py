"""What is known of a maker stands in its platform file, quirks and simulated boxes, and nowhere else in code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAKERS = re.compile(r"huawei|h3c|dell|idrac|ibmc|poweredge|vrp|comware|\.4\.1\.(?:25506|2011|674)\b", re.IGNORECASE)
# Each maker counts its versions and names its models in a way of its own; no words of a platform file could say it.
FREE = {ROOT / "collectors" / "quirks", ROOT / "collectors" / "simulate", ROOT / "alerts" / "notices"}
MODULES = [
    path
    for package in ("monitor", "collectors", "alerts")
    for path in sorted((ROOT / package).rglob("*.py"))
    if not FREE & set(path.parents)
]


def words(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """All names and texts of a module with their lines; docstrings and comments give reasons, and may name anybody."""
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str() as text) if id(node) not in said:
                yield node.lineno, text
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                yield node.lineno, name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.ImportFrom(module=str() as module):
                yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_maker_is_named_in_code_for_all(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    assert [(line, word) for line, word in words(tree) if MAKERS.search(word)] == []

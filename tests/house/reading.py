"""The product's own files, read once, for the rules of the house."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPS = ("servicedesk", "notifications", "incidents", "monitoring")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One Python file: `path` is relative to the project's root."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def parts(self) -> set[str]:
        return set(Path(self.path).with_suffix("").parts)

    def functions(self) -> Iterator[Function]:
        yield from (node for node in ast.walk(self.tree) if isinstance(node, Function))

    def calls(self) -> Iterator[ast.Call]:
        yield from (node for node in ast.walk(self.tree) if isinstance(node, ast.Call))


@cache
def product() -> tuple[Module, ...]:
    """Every module that ships but for migrations, which are written by a tool."""
    found = (path for app in APPS for path in sorted((ROOT / app).rglob("*.py")) if "migrations" not in path.parts)
    return tuple(Module(str(path.relative_to(ROOT)), path.read_text()) for path in found)


@cache
def tests() -> tuple[Module, ...]:
    return tuple(Module(str(path.relative_to(ROOT)), path.read_text()) for path in sorted((ROOT / "tests").rglob("*.py")))


def length(node: Function) -> int:
    """Lines from `def` to the end, without decorators and docstring."""
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    first = node.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


def name_of(node: ast.AST) -> str:
    """The dotted name of a name, attribute or call: `a.b.c()` is "a.b.c"; what is not a name is "?"."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{name_of(node.value)}.{node.attr}"
    if isinstance(node, ast.Call):
        return name_of(node.func)
    return "?"

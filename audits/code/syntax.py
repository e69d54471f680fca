"""Python completions as syntax trees: parsed, never run."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Mapping

_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_NAMING = {
    ast.Name: "id",
    ast.arg: "arg",
    ast.keyword: "arg",
    ast.FunctionDef: "name",
    ast.AsyncFunctionDef: "name",
    ast.ClassDef: "name",
    ast.ExceptHandler: "name",
    ast.MatchAs: "name",
    ast.MatchStar: "name",
    ast.MatchMapping: "rest",
}


def parse(text: str) -> ast.Module | None:
    """The tree of a program; None where it is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def docstrings(
    tree: ast.Module,
) -> list[tuple[ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef, ast.Expr]]:
    """Every docstring with what it documents."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            first = node.body[0]
            if isinstance(first, ast.Expr):
                found.append((node, first))
    return found


def without_docstrings(tree: ast.Module) -> ast.Module:
    """The same tree without its docstrings, changed in place; a body that would be empty gets `pass`."""
    for node, _ in docstrings(tree):
        node.body = node.body[1:] or ([] if isinstance(node, ast.Module) else [ast.Pass()])
    return ast.fix_missing_locations(tree)


def kept_of_code(before: str, after: str) -> Mapping[str, bool]:
    """Whether the trees are equal, and whether they are but for docstrings and names."""
    old, new = parse(before), parse(after)
    if old is None or new is None:
        return {"same syntax tree": False, "same structure": False}
    return {
        "same syntax tree": ast.dump(old) == ast.dump(new),
        "same structure": _structure(old) == _structure(new),
    }


def _structure(tree: ast.Module) -> str:
    nameless = without_docstrings(tree)
    for node in ast.walk(nameless):
        attribute = _NAMING.get(type(node))
        if attribute is not None and getattr(node, attribute) is not None:
            setattr(node, attribute, "_")
        if isinstance(node, ast.Global | ast.Nonlocal):
            node.names = ["_"] * len(node.names)
    return ast.dump(nameless)

"""Tests that hold a value against what is allowed, and what is known on either side of them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from strigil.audits.code.unsafe.names import method

# Methods and functions that say whether a text is of an allowed form.
FORMS: Final = frozenset({"isalnum", "isalpha", "isdigit", "isdecimal", "isnumeric", "isidentifier"})
CHECKS: Final = re.compile(
    r"(?:^|_)(?:is|allowed|allow|valid|validate|check|safe|verify|permitted|fullmatch|match|authori[sz]ed|within)(?:_|$|[A-Z])"
)
# What leads out of a folder.
OUTSIDE: Final = frozenset({"..", "../", "/", "..\\", "\\"})
NO_CHECKS: Final = frozenset({"isinstance", "issubclass", "check_password_hash", "is_authenticated", "isfile", "isdir"})
DEEPEST: Final = 20


@dataclass(frozen=True)
class Guard:
    """Variables that are as they should be where a test holds, and where it does not."""

    true: frozenset[str] = frozenset()
    false: frozenset[str] = frozenset()


def guard(test: ast.expr, depth: int = 0) -> Guard:
    """What a test shows."""
    if depth > DEEPEST:
        return Guard()
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            found = guard(inner, depth + 1)
            return Guard(found.false, found.true)
        case ast.BoolOp(op=op, values=parts):
            found_in = [guard(part, depth + 1) for part in parts]
            if isinstance(op, ast.And):
                return Guard(true=frozenset().union(*(part.true for part in found_in)))
            return Guard(false=frozenset().union(*(part.false for part in found_in)))
        case ast.Compare(left=ast.Constant(value=str(part)), ops=[ast.In()]):
            return Guard(false=frozenset(_variables(test.comparators[0]) if part in OUTSIDE else ()))
        case ast.Compare(left=left, ops=[ast.In()], comparators=[among]) if not _text(among):
            return Guard(true=frozenset(_variables(left)))
        case ast.Compare(left=left, ops=[ast.NotIn()], comparators=[among]) if not _text(among):
            return Guard(false=frozenset(_variables(left)))
        case ast.Compare(left=left, ops=[ast.Eq()], comparators=[ast.Constant(value=str())]):
            return Guard(true=frozenset(_variables(left)))
        case ast.Compare(left=ast.Call() as call, ops=[ast.IsNot()], comparators=[ast.Constant(value=None)]):
            return guard(call, depth + 1)
        case ast.Compare(left=ast.Call() as call, ops=[ast.Is()], comparators=[ast.Constant(value=None)]):
            found = guard(call, depth + 1)
            return Guard(found.false, found.true)
        case ast.Call():
            return _call(test)
    return Guard()


def _call(node: ast.Call) -> Guard:
    last = method(node) or (node.func.id if isinstance(node.func, ast.Name) else "")
    if last in FORMS and isinstance(node.func, ast.Attribute):
        return Guard(true=frozenset(_variables(node.func.value)))
    if last == "startswith" and isinstance(node.func, ast.Attribute) and not (node.args and _scheme(node.args[0])):
        return Guard(true=frozenset(_variables(node.func.value)))
    if CHECKS.search(last) and last not in NO_CHECKS:
        return Guard(true=frozenset(name for item in node.args for name in _variables(item)))
    return Guard()


def _variables(node: ast.expr) -> Iterator[str]:
    """The variables that decide a value; what a function made of them was checked for all of them."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            yield part.id


def _text(node: ast.expr) -> bool:
    """Whether `in` looks for a part of a text."""
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _scheme(node: ast.expr) -> bool:
    """Whether only the scheme of an address is asked for."""
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("http")

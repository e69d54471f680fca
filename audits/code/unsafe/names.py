"""What the names of a module stand for, and what parts of a syntax tree are called."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Names:
    """What the names of a module stand for: `sp` for `subprocess`."""

    known: dict[str, str]

    @classmethod
    def imported_by(cls, nodes: Iterable[ast.AST]) -> Self:
        """Names that a module of these nodes imports, wherever it does."""
        known: dict[str, str] = {}
        for node in nodes:
            if isinstance(node, ast.Import):
                known |= {name.asname: name.name for name in node.names if name.asname}
            elif isinstance(node, ast.ImportFrom) and node.module:
                known |= {name.asname or name.name: f"{node.module}.{name.name}" for name in node.names}
        return cls(known)

    def of(self, node: ast.expr) -> str:
        """The full dotted name of an expression, or nothing; no recursion, for code may nest deeply on purpose."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if isinstance(node, ast.Name):
            name = self.known.get(node.id, node.id)
            return ".".join([name, *reversed(parts)]) if parts else name
        match node:
            case ast.Call(func=ast.Name(id="__import__"), args=[ast.Constant(value=str(module)), *_]):
                parts.append(module)
            case ast.Call(func=ast.Attribute(attr="import_module"), args=[ast.Constant(value=str(module)), *_]):
                parts.append(module)
            case _:
                return ""
        return ".".join(reversed(parts))


def method(node: ast.Call) -> str:
    """What a call's method is called; nothing for a plain function."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else ""


def keywords(node: ast.Call) -> dict[str, ast.expr]:
    """The named arguments of a call."""
    return {item.arg: item.value for item in node.keywords if item.arg}


def is_constant(node: ast.expr | None, *, value: object) -> bool:
    """Whether an expression is this constant; 1 is not True."""
    return isinstance(node, ast.Constant) and type(node.value) is type(value) and node.value == value


def name_of(target: ast.expr | str) -> str:
    """What is named: a variable, an attribute, a key."""
    match target:
        case str():
            return target
        case ast.Name():
            return target.id
        case ast.Attribute():
            return target.attr
        case ast.Constant(value=str(text)) | ast.Subscript(slice=ast.Constant(value=str(text))):
            return text
    return ""


def identifiers(node: ast.expr) -> Iterator[str]:
    """Every variable and attribute inside an expression."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            yield part.id
        elif isinstance(part, ast.Attribute):
            yield part.attr

"""`code.names`: names that say nothing."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Mapping
from typing import ClassVar

from strigil.audits.code.syntax import kept_of_code, parse
from strigil.audits.treatments.treatment import Rewriter

_Named = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_Scope = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


class CodeNames(Rewriter):
    """Renames what a program names itself to name_0, name_1, ... in the order of first appearance.

    Attributes and methods, imported names, built-in ones, arguments that a call names, and words in strings keep
    theirs. The program is written anew from its syntax tree.
    """

    name = "code.names"
    examples: ClassVar[Mapping[str, str]] = {
        "def owl(hoot):\n    return hoot + 1": "def name_0(name_1):\n    return name_1 + 1",
        "import os\npath = os.name\nprint(path)": "import os\nname_0 = os.name\nprint(name_0)",
        "def f(n):\n    return n\nf(n=1)": "def name_0(n):\n    return n\nname_0(n=1)",
    }

    def rewrite(self, text: str, *, row_id: str) -> str | None:
        """The program with canonical names."""
        tree = parse(text)
        if tree is None:
            return None
        bound = list(dict.fromkeys(_bound(tree)))
        fixed = _fixed(tree)
        free = _fresh(fixed | (set(_used(tree)) - set(bound)))
        names = {name: next(free) for name in bound if name not in fixed}
        return ast.unparse(_Renamer(names).visit(tree))

    def keeps(self, before: str, after: str) -> Mapping[str, bool]:
        """Syntax tree and structure."""
        return kept_of_code(before, after)


def _fresh(taken: set[str]) -> Iterator[str]:
    number = 0
    while True:
        if f"name_{number}" not in taken:
            yield f"name_{number}"
        number += 1


def _bound(tree: ast.AST) -> Iterator[str]:
    """Names that the program binds, in the order of its text."""
    match tree:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield tree.name
        case ast.arg():
            yield tree.arg
        case ast.Name(ctx=ast.Store()):
            yield tree.id
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name
        case ast.MatchMapping(rest=str(name)):
            yield name
    for child in ast.iter_child_nodes(tree):
        yield from _bound(child)


def _used(tree: ast.AST) -> Iterator[str]:
    return (node.id for node in ast.walk(tree) if isinstance(node, ast.Name))


def _fixed(tree: ast.AST) -> set[str]:
    """Names that must stay: others may reach them by attribute, keyword, import or string."""
    fixed = {*dir(builtins), "self", "cls"}
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                fixed |= {(alias.asname or alias.name).partition(".")[0] for alias in names}
            case ast.keyword(arg=str(name)):
                fixed.add(name)
            case ast.MatchClass(kwd_attrs=names):
                fixed |= set(names)
            case ast.ClassDef(body=body):
                fixed |= {name for statement in body for name in _class_level(statement)}
            case ast.Assign(targets=[ast.Name(id="__all__")], value=value):
                fixed |= {
                    item.value
                    for item in ast.walk(value)
                    if isinstance(item, ast.Constant) and isinstance(item.value, str)
                }
    fixed |= {name for name in _bound(tree) if name.startswith("__") and name.endswith("__")}
    return fixed


def _class_level(node: ast.AST) -> Iterator[str]:
    """Names that a class's own body binds, which are attributes."""
    if isinstance(node, _Named):
        yield node.name
        return
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    if not isinstance(node, _Scope):
        for child in ast.iter_child_nodes(node):
            yield from _class_level(child)


class _Renamer(ast.NodeTransformer):
    """Renames every occurrence."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """Renames whatever the node names."""
        super().generic_visit(node)
        match node:
            case ast.Name():
                node.id = self._new(node.id)
            case ast.arg():
                node.arg = self._new(node.arg)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                node.name = self._new(node.name)
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                node.name = self._new(name)
            case ast.MatchMapping(rest=str(name)):
                node.rest = self._new(name)
            case ast.Global() | ast.Nonlocal():
                node.names = [self._new(name) for name in node.names]
        return node

    def _new(self, name: str) -> str:
        return self._names.get(name, name)

"""Follows values through the statements of each function, from where they come in to where they do harm."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from strigil.audits.code.unsafe.expressions import Expressions, bind, element
from strigil.audits.code.unsafe.guards import guard
from strigil.audits.code.unsafe.names import Names
from strigil.audits.code.unsafe.scope import Scope
from strigil.audits.code.unsafe.values import CHECKED, CONSTANT, Label, Value, joined
from strigil.audits.code.unsafe.weaknesses import Unsafe

Returned = Callable[[Value, Scope], str | None]
# Statements nest deeply on purpose, too.
DEEPEST: Final = 60
TERMINATES: Final = (ast.Return, ast.Raise, ast.Continue, ast.Break)
ENDS: Final = frozenset({"abort", "exit", "_exit", "fail", "error"})


@dataclass(frozen=True)
class Flow:
    """One walk through a module; a loop's body is walked once.

    Attributes:
        expressions: What evaluates expressions and asks about calls.
        returned: What is asked about every returned value.
    """

    expressions: Expressions
    returned: tuple[Returned, ...]

    def walk(self, tree: ast.Module, names: Names) -> Scope:
        """Walks a module, its functions where they are defined."""
        scope = Scope(names)
        self._block(tree.body, scope, 0)
        return scope

    def _block(self, body: Iterable[ast.stmt], scope: Scope, depth: int) -> None:
        if depth > DEEPEST:
            return
        for statement in body:
            self._statement(statement, scope, depth + 1)

    def _statement(self, node: ast.stmt, scope: Scope, depth: int) -> None:
        value = self.expressions.value
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._block(node.body, scope.function(node), depth)
            case ast.ClassDef():
                inner = scope.branch()
                inner.handles = any(scope.names.of(base).endswith("RequestHandler") for base in node.bases)
                self._block(node.body, inner, depth)
            case ast.Return(value=returned):
                given = value(returned, scope)
                scope.found += [Unsafe(reason, node) for ask in self.returned if (reason := ask(given, scope))]
            case ast.Assign(targets=targets):
                given = value(node.value, scope)
                for target in targets:
                    bind(target, given, scope)
            case ast.AnnAssign():
                bind(node.target, value(node.value, scope), scope)
            case ast.AugAssign(target=target, op=op):
                grown = ast.copy_location(ast.BinOp(_loaded(target), op, node.value), node)
                bind(target, value(grown, scope), scope)
            case ast.If():
                self._either(node, scope, depth)
            case ast.For() | ast.AsyncFor():
                bind(node.target, element(value(node.iter, scope)), scope)
                self._block([*node.body, *node.orelse], scope, depth)
            case ast.While():
                value(node.test, scope)
                self._block([*node.body, *node.orelse], scope, depth)
            case ast.With() | ast.AsyncWith():
                for item in node.items:
                    given = value(item.context_expr, scope)
                    if item.optional_vars is not None:
                        bind(item.optional_vars, given, scope)
                self._block(node.body, scope, depth)
            case ast.Try():
                self._block(node.body, scope, depth)
                for handler in node.handlers:
                    self._block(handler.body, scope.branch(), depth)
                self._block([*node.orelse, *node.finalbody], scope, depth)
            case ast.Match():
                value(node.subject, scope)
                for case in node.cases:
                    self._block(case.body, scope.branch(), depth)
            case ast.Assert():
                self._tested(node.test, scope)
                scope.values |= _checked(guard(node.test).true, scope)
            case _:
                for part in ast.iter_child_nodes(node):
                    if isinstance(part, ast.expr):
                        value(part, scope)

    def _either(self, node: ast.If, scope: Scope, depth: int) -> None:
        self._tested(node.test, scope)
        shown = guard(node.test)
        true = scope.branch(_checked(shown.true, scope))
        self._block(node.body, true, depth)
        false = scope.branch(_checked(shown.false, scope))
        self._block(node.orelse, false, depth)
        ways = [way for way, body in ((true, node.body), (false, node.orelse)) if not _ends(body)]
        scope.join(*(ways or [true, false]))

    def _tested(self, test: ast.expr, scope: Scope) -> None:
        """Whatever is asked about a member's name counts as a check of it."""
        if Label.MEMBER_NAME in self.expressions.value(test, scope).labels:
            scope.members_checked = True


def _checked(names: Iterable[str], scope: Scope) -> Mapping[str, Value]:
    return {name: _allowed(scope.values.get(name)) for name in names}


def _allowed(value: Value | None) -> Value:
    return CHECKED if value is None else joined([CHECKED, Value(CONSTANT.source, labels=value.labels)])


def _loaded(target: ast.expr) -> ast.expr:
    match target:
        case ast.Name(id=name):
            return ast.copy_location(ast.Name(name, ast.Load()), target)
    return target


def _ends(body: list[ast.stmt]) -> bool:
    """Whether nothing after this body is reached from it."""
    if not body:
        return False
    match body[-1]:
        case ast.Expr(value=ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name))):
            return name in ENDS
    return isinstance(body[-1], TERMINATES)

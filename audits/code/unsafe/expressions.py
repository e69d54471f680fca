"""What an expression's value is, and which calls inside it are handed something unsafe."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from strigil.audits.code.unsafe.calling import Called, returned
from strigil.audits.code.unsafe.knowledge import FROM_REQUEST
from strigil.audits.code.unsafe.scope import REQUESTS, Scope, secret_if_named
from strigil.audits.code.unsafe.values import (
    CONSTANT,
    UNKNOWN,
    Label,
    Source,
    Value,
    either,
    joined,
    literal,
)
from strigil.audits.code.unsafe.weaknesses import Unsafe

# Code nests deeply on purpose, too; what lies deeper is not followed.
DEEPEST: Final = 60
# Python writes out no number of any length.
LARGEST: Final = 2**64
Sink = Callable[[Called], str | None]
Builder = Callable[[Value], str | None]


@dataclass(frozen=True)
class Expressions:
    """Evaluates expressions.

    Attributes:
        sinks: What is asked about every call.
        builders: What is asked about every text that is put together.
    """

    sinks: tuple[Sink, ...]
    builders: tuple[Builder, ...]

    def value(self, node: ast.expr | None, scope: Scope, depth: int = 0) -> Value:
        """What an expression's value is; what is unsafe inside goes to `scope.found`."""
        if node is None:
            return CONSTANT
        if depth > DEEPEST:
            return UNKNOWN
        built = self._built(node, scope, depth)
        if built is not None:
            scope.found += [Unsafe(reason, node) for build in self.builders if (reason := build(built))]
            return built
        return self._other(node, scope, depth + 1)

    def _built(self, node: ast.expr, scope: Scope, depth: int) -> Value | None:
        """The value of text that is put together; None for any other expression."""
        depth += 1
        match node:
            case ast.JoinedStr(values=parts):
                return joined(self._piece(part, scope, depth) for part in parts)
            case ast.BinOp(op=ast.Add(), left=left, right=right):
                return joined([self._inner(left, scope, depth), self._inner(right, scope, depth)])
            case ast.BinOp(op=ast.Mod(), left=left, right=right):
                return _filled(self._inner(left, scope, depth), [self.value(right, scope, depth)])
            case ast.Call(func=ast.Attribute(value=template, attr="format" | "format_map")):
                given = [self.value(item, scope, depth) for item in (*node.args, *(it.value for it in node.keywords))]
                return _filled(self._inner(template, scope, depth), given)
            case ast.Call(
                func=ast.Attribute(value=glue, attr="join"), args=[ast.List(elts=parts) | ast.Tuple(elts=parts)]
            ):
                self.value(glue, scope, depth)
                return joined(self._piece(part, scope, depth) for part in parts)
        return None

    def _inner(self, node: ast.expr, scope: Scope, depth: int) -> Value:
        """A part of a text that is put together: only the whole of it is judged."""
        built = None if depth > DEEPEST else self._built(node, scope, depth)
        return self.value(node, scope, depth) if built is None else built

    def _piece(self, part: ast.expr, scope: Scope, depth: int) -> Value:
        if not isinstance(part, ast.FormattedValue):
            return self.value(part, scope, depth)
        filled = self.value(part.value, scope, depth)
        return filled if filled.source is Source.CONSTANT and filled.text else filled.opaque()

    def _other(self, node: ast.expr, scope: Scope, depth: int) -> Value:
        match node:
            case ast.Constant(value=str(text)):
                return literal(text)
            case ast.Constant(value=bool() | None):
                return CONSTANT
            case ast.Constant(value=int(number)) if abs(number) < LARGEST:
                return literal(str(number))
            case ast.Constant():
                return CONSTANT
            case ast.Name(id=name):
                return scope.values.get(name) or secret_if_named(name, UNKNOWN)
            case ast.Attribute():
                return self._attribute(node, scope, depth)
            case ast.Subscript(value=inner, slice=index):
                self.value(index, scope, depth)
                taken = secret_if_named(_key(index), self.value(inner, scope, depth).opaque())
                return taken.labelled(Label.MEMBER_NAME) if Label.MEMBER in taken.labels else taken
            case ast.Call():
                return self._call(node, scope, depth)
            case ast.NamedExpr(target=target, value=inner):
                scope.values[target.id] = self.value(inner, scope, depth)
                return scope.values[target.id]
            case ast.IfExp(test=test, body=body, orelse=orelse):
                self.value(test, scope, depth)
                return either(self.value(body, scope, depth), self.value(orelse, scope, depth))
            case ast.BoolOp(values=values):
                return joined(self.value(part, scope, depth) for part in values).opaque()
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                return self._comprehension(node, scope, depth)
            case ast.Lambda(body=body):
                return self.value(body, scope.branch(), depth)
            case ast.Await(value=inner) | ast.Starred(value=inner) | ast.YieldFrom(value=inner):
                return self.value(inner, scope, depth)
        return self._parts(node, scope, depth)

    def _parts(self, node: ast.expr, scope: Scope, depth: int) -> Value:
        parts = [self.value(part, scope, depth) for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr)]
        whole = joined(parts)
        return whole if all(part.source is Source.CONSTANT for part in parts) else whole.opaque()

    def _attribute(self, node: ast.Attribute, scope: Scope, depth: int) -> Value:
        dotted = scope.names.of(node)
        if dotted in scope.values:
            return scope.values[dotted]
        root, _, rest = dotted.rpartition(".")
        if dotted in ("self.path", "self.headers", "self.rfile") and scope.handles:
            return Value(Source.REQUEST)
        if rest in FROM_REQUEST and root.rpartition(".")[2] in REQUESTS:
            return Value(Source.REQUEST)
        inner = self.value(node.value, scope, depth).opaque()
        if Label.MEMBER in inner.labels:
            named = node.attr in ("name", "filename", "path", "linkname")
            return inner.labelled(Label.MEMBER_NAME) if named else inner.without(Label.MEMBER_NAME)
        if node.attr == "filename":
            return inner.labelled(Label.UPLOAD_NAME)
        return secret_if_named(node.attr, inner)

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, scope: Scope, depth: int
    ) -> Value:
        inner = scope.branch()
        tested = False
        for generator in node.generators:
            bind(generator.target, element(self.value(generator.iter, inner, depth)), inner)
            for test in generator.ifs:
                tested = True
                self.value(test, inner, depth)
        element_of = (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,)
        made = joined(self.value(part, inner, depth) for part in element_of)
        return made.without(Label.MEMBER, Label.MEMBER_NAME) if tested else made

    def _call(self, node: ast.Call, scope: Scope, depth: int) -> Value:
        name = scope.names.of(node.func)
        receiver = self.value(node.func.value, scope, depth) if isinstance(node.func, ast.Attribute) else CONSTANT
        called = Called(
            node=node,
            name=name,
            receiver=receiver,
            positional=tuple(self.value(item, scope, depth) for item in node.args),
            named={item.arg or "**": self.value(item.value, scope, depth) for item in node.keywords},
            scope=scope,
        )
        scope.found += [Unsafe(reason, node) for sink in self.sinks if (reason := sink(called))]
        if called.positional and Label.CHECKED in called.positional[0].labels:
            scope.cleared.add(node)
        return returned(called)


def _filled(template: Value, given: list[Value]) -> Value:
    constant = all(value.source is Source.CONSTANT for value in given)
    return joined([template, *(given if constant else (value.opaque() for value in given))])


def bind(target: ast.expr, value: Value, scope: Scope) -> None:
    """Gives a value to a variable, or to each of several."""
    match target:
        case ast.Name(id=name):
            scope.values[name] = secret_if_named(name, value)
        case ast.Attribute() if dotted := scope.names.of(target):
            scope.values[dotted] = secret_if_named(target.attr, value)
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            for part in parts[:DEEPEST]:
                bind(part, value.opaque(), scope)
        case ast.Starred(value=inner):
            bind(inner, value.opaque(), scope)


def element(value: Value) -> Value:
    """One of the elements of a value."""
    return value.labelled(Label.MEMBER) if Label.ARCHIVE in value.labels else value.opaque()


def _key(index: ast.expr) -> str:
    return index.value if isinstance(index, ast.Constant) and isinstance(index.value, str) else ""

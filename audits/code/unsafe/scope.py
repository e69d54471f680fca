"""What is known inside a function while its statements are walked."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from strigil.audits.code.unsafe.names import Names, name_of
from strigil.audits.code.unsafe.secrets import names_secret
from strigil.audits.code.unsafe.values import Label, Source, Value, either
from strigil.audits.code.unsafe.weaknesses import Unsafe

ROUTES: Final = frozenset(
    {"route", "get", "post", "put", "patch", "delete", "head", "options", "websocket", "view_config", "api_view"}
)
REQUESTS: Final = frozenset({"request", "req"})


@dataclass
class Scope:
    """A function, or the module.

    Attributes:
        names: What imported names stand for.
        values: What is known of each variable, by its dotted name.
        handles: Whether this is a class whose attributes are a request's.
        answers: Whether what is returned goes to a browser.
        members_checked: Whether the names of an archive's members were looked at before.
        found: What is wrong so far; shared by all functions of a module.
        cleared: Calls that only get what was held against what is allowed; shared likewise.
    """

    names: Names
    values: dict[str, Value] = field(default_factory=dict)
    handles: bool = False
    answers: bool = False
    members_checked: bool = False
    found: list[Unsafe] = field(default_factory=list)
    cleared: set[ast.AST] = field(default_factory=set)

    def branch(self, known: Mapping[str, Value] | None = None) -> Scope:
        """A copy in which more is known, for one way that the code may take."""
        values = {**self.values, **(known or {})}
        return replace(self, values=values)

    def join(self, *ways: Scope) -> None:
        """What is known after several ways of which one was taken."""
        first, *others = ways
        merged = dict(first.values)
        for other in others:
            for name, value in other.values.items():
                merged[name] = either(merged[name], value) if name in merged else value
        self.values = merged
        self.members_checked = all(way.members_checked for way in ways)

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Scope:
        """The scope of a function defined here, with what its arguments are."""
        routed = any(name_of(_called(item)) in ROUTES for item in node.decorator_list)
        given = node.args
        named = [item.arg for item in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
        if given.vararg:
            named.append(given.vararg.arg)
        if given.kwarg:
            named.append(given.kwarg.arg)
        source = Source.REQUEST if routed else Source.ARGUMENT
        arguments = {name: Value(Source.UNKNOWN if name in ("self", "cls") else source) for name in named}
        inner = self.branch({name: secret_if_named(name, value) for name, value in arguments.items()})
        if "members" in inner.values:
            inner.values["members"] = inner.values["members"].labelled(Label.MEMBER)
        inner.answers = routed or not REQUESTS.isdisjoint(named[:2])
        inner.members_checked = False
        return inner


def secret_if_named(name: str, value: Value) -> Value:
    """The value, marked where its name is that of a secret."""
    return value.labelled(Label.SECRET) if names_secret(name) else value


def _called(node: ast.expr) -> ast.expr:
    return node.func if isinstance(node, ast.Call) else node

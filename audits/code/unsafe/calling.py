"""A call with what it is given, and what is known of what it gives back."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, replace
from typing import Final

from strigil.audits.code.unsafe.knowledge import ARCHIVES, CLEANERS, HAND_ON, MEMBER_NAMES, MEMBERS
from strigil.audits.code.unsafe.names import method
from strigil.audits.code.unsafe.scope import Scope
from strigil.audits.code.unsafe.values import HOLE, UNKNOWN, Label, Place, Source, Value, joined

SHOWN: Final = re.compile(r"\{\{.*?\}\}", re.DOTALL)
ESCAPED: Final = re.compile(r"\|\s*(?:e|escape|forceescape|tojson|urlencode|int|float|length|count)\b")


@dataclass(frozen=True)
class Called:
    """A call with what is known of everything that it is given."""

    node: ast.Call
    name: str
    receiver: Value
    positional: tuple[Value, ...]
    named: dict[str, Value]
    scope: Scope

    def given(self, place: int, *names: str) -> Value | None:
        """An argument, by its place or one of its names."""
        if 0 <= place < len(self.positional):
            return self.positional[place]
        return next((self.named[name] for name in names if name in self.named), None)

    @property
    def last(self) -> str:
        """The last part of the function's name."""
        return method(self.node) or self.name.rpartition(".")[2]


def unescaped(called: Called) -> bool:
    """Whether a lone template shows a value without escaping it, as it does by default."""
    if "autoescape" in called.named or not called.positional:
        return False
    text = called.positional[0].text
    return HOLE in text or any(not ESCAPED.search(shown) for shown in SHOWN.findall(text))


def returned(called: Called) -> Value:
    """What is known of what a function gives back."""
    last, given = called.last, joined((*called.positional, *called.named.values()))
    if called.name in ("input", "sys.stdin.read", "sys.stdin.readline"):
        return Value(Source.ARGUMENT)
    if last in ("get_argument", "get_query_argument", "get_body_argument", "get_json"):
        return Value(Source.REQUEST)
    if called.name in ARCHIVES:
        return UNKNOWN.labelled(Label.ARCHIVE)
    if called.name in ("zipfile.ZipFile", "zipfile.PyZipFile"):
        return UNKNOWN.labelled(Label.ZIP)
    if called.name == "jinja2.Template" and unescaped(called):
        return UNKNOWN.labelled(Label.TEMPLATE)
    if last in MEMBERS:
        return UNKNOWN.labelled(Label.MEMBER)
    if last in MEMBER_NAMES:
        return UNKNOWN.labelled(Label.MEMBER, Label.MEMBER_NAME)
    if last == "read" and Label.CONTENT in called.receiver.labels:
        return Value(Source.CONSTANT, text=HOLE)
    if called.name == "open":
        return UNKNOWN.labelled(Label.CONTENT)
    if last in CLEANERS:
        return replace(joined([called.receiver, given]).escaped(*CLEANERS[last]), labels=frozenset(), text=HOLE)
    if last == "render":
        return UNKNOWN.escaped(Place.MARKUP)
    if last in ("endswith", "isfile", "isdir", "issym", "islnk", "isreg"):
        return UNKNOWN
    everything = joined([called.receiver, given]).opaque()
    # A method of what a request or a caller gave hands that on, and so does one of what has a label.
    if (
        called.receiver.source >= Source.ARGUMENT
        or called.receiver.labels
        or {called.name, last} & HAND_ON
        or last == "join"
    ):
        return everything
    return Value(labels=given.labels & {Label.MEMBER_NAME, Label.SECRET})

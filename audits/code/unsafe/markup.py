"""Markup made of what others write, and templates that do not escape it."""

from __future__ import annotations

import ast
import re
from typing import Final

from strigil.audits.code.unsafe.calling import Called
from strigil.audits.code.unsafe.names import Names, is_constant, keywords
from strigil.audits.code.unsafe.scope import Scope
from strigil.audits.code.unsafe.values import HOLE, Label, Place, Source, Value
from strigil.audits.code.unsafe.weaknesses import MARKUP, UNESCAPED

TAG: Final = re.compile(r"<[a-zA-Z!/][^<\0]*|&lt;[a-z/]")
TEMPLATES: Final = frozenset({"render_template_string", "Markup", "mark_safe", "SafeString", "SafeText"})
ANSWERS: Final = frozenset({"HttpResponse", "HTMLResponse", "make_response", "Response", "HttpResponseBadRequest"})
WRITERS: Final = frozenset({"write", "send_response_body"})
UNESCAPED_TEMPLATE: Final = re.compile(r"\{%-?\s*autoescape\s+(?:false|off)|\|\s*safe\b", re.IGNORECASE)


def into_markup(called: Called) -> str | None:
    """A template or an answer that is given something unescaped."""
    if called.last in TEMPLATES:
        template = called.given(0, "source", "string", "s")
        if template is None or Label.CONTENT in template.labels:
            return None
        if UNESCAPED_TEMPLATE.search(template.text):
            return UNESCAPED
        return MARKUP if template.risk(Place.MARKUP) > Source.CONSTANT else None
    if called.last in ANSWERS:
        given = called.given(0, "content", "response", "body", "text")
        kind = called.named.get("content_type") or called.named.get("mimetype") or called.named.get("media_type")
        if given is None or (kind is not None and "html" not in kind.text):
            return None
        return MARKUP if _answered(given) or _shown(given, Source.REQUEST) else None
    if called.last in WRITERS and called.positional:
        return MARKUP if _shown(called.positional[0], Source.ARGUMENT) else None
    return None


def returned(given: Value, scope: Scope) -> str | None:
    """What a route answers, or any function that returns markup, with what others write in it."""
    return MARKUP if (scope.answers and _answered(given)) or _shown(given, Source.ARGUMENT) else None


def escaping_off(node: ast.AST, names: Names) -> str | None:
    """A template engine whose escaping is off, by what it is told or by its default."""
    match node:
        case ast.Assign(targets=[ast.Attribute(attr="autoescape")], value=value) if is_constant(value, value=False):
            return UNESCAPED
        case ast.Call():
            given = keywords(node)
            if is_constant(given.get("autoescape"), value=False):
                return UNESCAPED
            name = names.of(node.func)
            if name in ("jinja2.Environment", "jinja2.sandbox.SandboxedEnvironment") and not _configured(node, given):
                return UNESCAPED
    return None


def rendered(called: Called) -> str | None:
    """A lone template, which escapes nothing by default, that is given something to show."""
    if called.last != "render" or Label.TEMPLATE not in called.receiver.labels:
        return None
    given = (*called.positional, *called.named.values())
    return UNESCAPED if any(value.risk(Place.MARKUP) > Source.CONSTANT for value in given) else None


def _configured(node: ast.Call, given: dict[str, ast.expr]) -> bool:
    return "autoescape" in given or any(item.arg is None for item in node.keywords)


def _answered(given: Value) -> bool:
    """Whether a request comes back inside a text, which a browser takes for markup."""
    return given.risk(Place.MARKUP) is Source.REQUEST and HOLE in given.text and given.text != HOLE


def _shown(given: Value, least: Source) -> bool:
    return given.risk(Place.MARKUP) >= least and TAG.search(given.text) is not None and HOLE in given.text

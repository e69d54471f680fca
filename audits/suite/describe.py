"""What there is to know about a rule, in Markdown, from its class: arguments, examples, measured error rates."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from functools import cache
from typing import Final

from pydantic import BaseModel, ConfigDict, RootModel

from strigil.audits.rules.rule import RULES, Rule
from strigil.audits.rules.text_rule import TextRule
from strigil.common.canonical import Json
from strigil.common.validation import packaged_yaml
from strigil.data.parts import PARTS

LONGEST: Final = 160
UNMEASURED: Final = "not measured on labelled data"
HEAD: Final = """# Rules

Made from the rules themselves by `strigil rules --markdown`; `strigil rules` lists them, `strigil rules NAME` prints
one. A rule scores every row; a row is rejected where its score reaches the threshold, which a suite may set.

What a rule with the argument `of` reads, a suite decides: `completion`, all that an assistant says in any turn, a
rejected answer included; `prompt`, what a user says; `system`; `reasoning`; `tools`, calls, answers and definitions;
`columns`, the texts of further columns; a list of these; or `all`. The reason names the turn or the column.

Costs were measured on one core: prose of three sentences, functions of the standard library, lists of ten numbers. On
which data the error rates hold: docs/results/rules.md.
"""


class _Figures(BaseModel):
    """Of one rule: error rates in words, and microseconds a row on one core."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rates: str = UNMEASURED
    cost: float | None = None

    def __str__(self) -> str:
        told = "what its model costs" if self.cost is None else f"{self.cost:g} microseconds a row"
        return f"Cost: {told}. Error rates: {self.rates}."


class _Measured(RootModel[dict[str, _Figures]]):
    """What was measured, by rule."""


def summary(rule: type[Rule]) -> str:
    """The first sentence or line of what a rule says of itself."""
    return inspect.cleandoc(rule.__doc__ or "").partition("\n\n")[0].replace("\n", " ")


def page(rule: type[Rule]) -> str:
    """All about one rule."""
    parts = [
        f"## {rule.name}",
        inspect.cleandoc(rule.__doc__ or ""),
        f"Reads: {reads(rule)}. Threshold: {rule.threshold:g}. Version: {rule.version}. "
        f"{_measured().get(rule.name, '')}".rstrip(),
    ]
    if rule.model_fields:
        parts.append("\n".join(_arguments(rule)))
    if rule.bad:
        parts.append("Rejected:\n\n" + "\n".join(f"- `{_shown(text)}`: {reason}" for text, reason in rule.bad.items()))
    if rule.good:
        parts.append("Kept:\n\n" + "\n".join(f"- `{_shown(text)}`" for text in rule.good))
    return "\n\n".join(parts) + "\n"


def reads(rule: type[Rule]) -> str:
    """What of a row the rule looks at, unless a suite says otherwise."""
    parts = _parts(rule.model_fields["of"].default) if issubclass(rule, TextRule) else rule.looks_at
    return ", ".join(part for part in (parts, *sorted(rule.reads)) if part)


def document() -> str:
    """A table of what each rule reads, then every rule's page."""
    rules = [RULES.get(name) for name in RULES.names()]
    table = ["| rule | reads |", "| --- | --- |", *(f"| `{rule.name}` | {reads(rule)} |" for rule in rules)]
    return "\n".join([HEAD, *table, "", *(page(rule) for rule in rules)])


def _parts(parts: Sequence[str]) -> str:
    return "all" if set(parts) == set(PARTS) else ", ".join(parts)


def _arguments(rule: type[Rule]) -> list[str]:
    lines = ["| argument | kind | default | |", "| --- | --- | --- | --- |"]
    for name, schema in rule.model_json_schema()["properties"].items():
        default = f"`{schema['default']!r}`" if "default" in schema else "required"
        if name == "of" and issubclass(rule, TextRule):
            default = f"`{reads(rule)}`"
        lines.append(f"| `{name}` | {_kind(schema)} | {default} | {schema.get('description', '')} |")
    return lines


def _kind(schema: dict[str, Json]) -> str:
    """What an argument may be, from its JSON Schema."""
    match schema:
        case {"enum": list(values)}:
            return ", ".join(f"`{value}`" for value in values)
        case {"anyOf": list(kinds)}:
            return " or ".join(_kind(kind) for kind in kinds if isinstance(kind, dict))
        case {"type": "array", "items": dict(item)}:
            return f"list of {_kind(item)}"
        case {"type": str(kind)}:
            return "none" if kind == "null" else kind
    return "object"


def _shown(text: str) -> str:
    """An example in one line, what no font shows as its escape."""
    plain = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    plain = plain.replace("\n", "⏎").replace("`", "'")
    return "".join(sign if sign.isprintable() else f"\\u{ord(sign):04x}" for sign in plain)


@cache
def _measured() -> dict[str, _Figures]:
    return packaged_yaml("strigil.audits.suite", "measured.yaml", _Measured).root

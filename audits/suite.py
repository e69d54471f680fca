"""Suites: rules with thresholds in one YAML file; a suite may extend another."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from strigil.audits.rule import RULES, Rule
from strigil.core.canonical import digest
from strigil.core.errors import ConfigError
from strigil.core.validation import load_yaml, parse_yaml


class RuleChoice(BaseModel):
    """One rule of a suite.

    Attributes:
        rule: The rule's name.
        threshold: Rejects rows at this score or above; None takes the rule's own.
        args: The rule's arguments.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    rule: str
    threshold: float | None = None
    args: dict[str, object] = {}


class SuiteFile(BaseModel):
    """A suite as it is written down."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    description: str
    extends: str | None = Field(default=None, description="a suite whose rules come first; a rule named again replaces")
    rules: list[RuleChoice] = []


@dataclass(frozen=True)
class ChosenRule:
    """A rule, ready to score, with the threshold in force."""

    rule: Rule
    threshold: float


@dataclass(frozen=True)
class Suite:
    """A suite, ready to run."""

    name: str
    description: str
    rules: tuple[ChosenRule, ...]

    @cached_property
    def digest(self) -> str:
        """Identity of the suite: its rules with versions, arguments and thresholds, whatever its name."""
        return digest([[chosen.rule.spec().model_dump(mode="json"), chosen.threshold] for chosen in self.rules])


def suite_names() -> list[str]:
    """Names of the suites that come with strigil."""
    folder = files("strigil.audits") / "suites"
    return sorted(item.name.removesuffix(".yaml") for item in folder.iterdir() if item.name.endswith(".yaml"))


def load_suite(name: str) -> Suite:
    """A suite by its name, or by the path of a YAML file.

    Raises:
        ConfigError: Unknown suite or rule, arguments that do not fit, or a circle of `extends`.
    """
    written = _read(name)
    choices = _inherited(written, seen=(name,))
    if not choices:
        message = f"suite {name!r} has no rules, so every row would pass it"
        raise ConfigError(message)
    rules = []
    for choice in choices.values():
        rule = RULES.create(choice.rule, choice.args)
        rules.append(ChosenRule(rule, rule.threshold if choice.threshold is None else choice.threshold))
    return Suite(written.name, written.description, tuple(rules))


def _inherited(written: SuiteFile, *, seen: tuple[str, ...]) -> dict[str, RuleChoice]:
    choices: dict[str, RuleChoice] = {}
    if written.extends is not None:
        if written.extends in seen:
            message = f"suites extend each other in a circle: {' -> '.join((*seen, written.extends))}"
            raise ConfigError(message)
        choices = _inherited(_read(written.extends), seen=(*seen, written.extends))
    return choices | {choice.rule: choice for choice in written.rules}


def _read(name: str) -> SuiteFile:
    if name.endswith((".yaml", ".yml")):
        return load_yaml(Path(name), SuiteFile)
    known = suite_names()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        message = f"unknown suite {name!r}"
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}, or a path ending in .yaml"
        raise ConfigError(message, hint=hint)
    text = (files("strigil.audits") / "suites" / f"{name}.yaml").read_text(encoding="utf-8")
    return parse_yaml(text, SuiteFile, source=f"suite {name}")

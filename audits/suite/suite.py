"""Suites: rules with thresholds, and expectations, in one YAML file; a suite may extend another."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FiniteFloat

from strigil.audits.probes.probe import PROBES
from strigil.audits.rules.rule import RULES, Rule
from strigil.common.canonical import Json, digest
from strigil.common.errors import ConfigError, check_known
from strigil.common.plain import plain_text
from strigil.common.validation import load_yaml, packaged_yaml
from strigil.data.layouts.layout import LAYOUTS, Reading

TableName = Literal["clean", "removed", "verdicts"]
Severity = Literal["critical", "warning", "info"]
Quantile = Annotated[float, Field(gt=0, le=1)]


class Limits(BaseModel):
    """How many lines may be against something before a gate fails; with both limits, the stricter one counts.

    Attributes:
        share: The largest share of all lines, 0 to 1.
        rows: The largest number of lines; without either limit, none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    share: float | None = Field(default=None, ge=0, le=1)
    rows: int | None = Field(default=None, ge=0)

    @property
    def given(self) -> bool:
        """Whether there is a limit of its own."""
        return self.share is not None or self.rows is not None

    def limit(self, total: int) -> float:
        """The largest number of lines among `total`."""
        shared = None if self.share is None else self.share * total
        return min((limit for limit in (self.rows, shared) if limit is not None), default=0)


class Allowance(Limits):
    """How much a rule may reject before a gate fails.

    Attributes:
        quantiles: The highest score at each quantile of all rows' scores, `{0.99: 2.5}`; where only these are given,
            the number of rejected rows has no limit.
        severity: What it means if there is more.
    """

    quantiles: dict[Quantile, FiniteFloat] = {}
    severity: Literal["error", "warning"] = "error"

    def limit(self, total: int) -> float:
        """The largest number of rejected rows among `total`."""
        return math.inf if self.quantiles and not self.given else super().limit(total)

    @staticmethod
    def reached(quantile: float, total: int) -> int:
        """How many of `total` rows must not exceed a score for it to be at the quantile or above it."""
        # A share such as 0.07 of 100 rows is 7 rows, and a hair more in binary.
        return max(1, math.ceil(quantile * total - 1e-9))


class RuleChoice(BaseModel):
    """One rule of a suite.

    Attributes:
        rule: The rule's name.
        threshold: Rejects rows at this score or above; None takes the rule's own.
        args: The rule's arguments.
        allow: How much of it a gate lets pass.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    rule: str
    threshold: FiniteFloat | None = None
    args: dict[str, object] = {}
    allow: Allowance = Allowance()


class ExpectationChoice(BaseModel):
    """One assertion about a table.

    Attributes:
        expectation: The name that Great Expectations has for it, `expect_column_values_to_be_unique` for example.
        table: The table that it is about.
        args: Its arguments.
        severity: What it means if it does not hold; a gate fails on `critical`.
        allow: How many lines a gate lets pass that do not meet it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    expectation: str
    table: TableName = "clean"
    args: dict[str, object] = {}
    severity: Severity = "critical"
    allow: Limits = Limits()

    def assertion(self) -> dict[str, Json]:
        """What is asserted, without what a gate makes of it."""
        asserted: dict[str, Json] = self.model_dump(mode="json", exclude={"allow"})
        return asserted


class ProbeChoice(BaseModel):
    """One probe that a gate asks for.

    Attributes:
        probe: The probe's name.
        level: The false discovery rate at which it raises an alarm; None takes that of its result.
        severity: What an alarm means.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    probe: str
    level: float | None = Field(default=None, gt=0, lt=1)
    severity: Literal["error", "warning"] = "error"


def _one_line(name: str) -> str:
    if not name.strip() or plain_text(name) != name:
        message = "it must be a line of characters that can be seen"
        raise ValueError(message)
    return name


class SuiteFile(BaseModel):
    """A suite as it is written down."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, AfterValidator(_one_line)]
    description: str
    extends: str | None = Field(default=None, description="a suite whose rules come first; a rule named again replaces")
    rules: list[RuleChoice] = []
    expectations: list[ExpectationChoice] = Field(default=[], description="added to those of the extended suite")
    probes: list[ProbeChoice] = Field(default=[], description="of a release; one named again replaces")
    layout: str | None = Field(
        default=None, description="of data that are no release, where their columns do not decide it; the caller's wins"
    )
    columns: dict[str, str] = Field(default={}, description="which column is what, such as prompt: ask")


@dataclass(frozen=True)
class ChosenRule:
    """A rule, ready to score, with the threshold in force."""

    rule: Rule
    threshold: float
    allow: Allowance = field(default_factory=Allowance)


@dataclass(frozen=True)
class Suite:
    """A suite, ready to run."""

    name: str
    description: str
    rules: tuple[ChosenRule, ...]
    expectations: tuple[ExpectationChoice, ...] = ()
    probes: tuple[ProbeChoice, ...] = ()
    reading: Reading = field(default_factory=Reading)

    @cached_property
    def digest(self) -> str:
        """Identity of what is audited: rules with arguments and thresholds, and expectations; not the suite's name."""
        rules: list[Json] = [[chosen.rule.spec().model_dump(mode="json"), chosen.threshold] for chosen in self.rules]
        return digest([rules, [choice.assertion() for choice in self.expectations]])


def suite_names() -> list[str]:
    """Names of the suites that come with strigil."""
    folder = files("strigil.audits") / "suites"
    return sorted(item.name.removesuffix(".yaml") for item in folder.iterdir() if item.name.endswith(".yaml"))


def load_suite(name: str) -> Suite:
    """A suite by its name, or by the path of a YAML file.

    Raises:
        ConfigError: Unknown suite, rule or probe, arguments that do not fit, a rule twice in one file, a threshold that
            rejects everything or nothing, or a circle of `extends`.
    """
    lineage = _lineage(name)
    choices: dict[str, RuleChoice] = {}
    for written in lineage:
        choices |= {choice.rule: choice for choice in written.rules}
    if not choices:
        message = f"suite {name!r} has no rules, so every row would pass it"
        raise ConfigError(message)
    probes = {choice.probe: choice for written in lineage for choice in written.probes}
    for probe in probes:
        PROBES.get(probe)
    rules = []
    for choice in choices.values():
        rule = RULES.create(choice.rule, choice.args)
        threshold = rule.threshold if choice.threshold is None else choice.threshold
        _check_reachable(rule, threshold, choice.allow)
        rules.append(ChosenRule(rule, threshold, choice.allow))
    return Suite(
        name=lineage[-1].name,
        description=lineage[-1].description,
        rules=tuple(rules),
        expectations=tuple(choice for written in lineage for choice in written.expectations),
        probes=tuple(probes.values()),
        reading=_reading(lineage),
    )


def _reading(lineage: list[SuiteFile]) -> Reading:
    """How the data are read: as the last suite says that says anything of it."""
    reading = Reading()
    for written in lineage:
        if written.layout is not None:
            LAYOUTS.get(written.layout)
        reading = Reading(written.layout, tuple(written.columns.items())).over(reading)
    return reading


def _check_reachable(rule: Rule, threshold: float, allow: Allowance) -> None:
    """Refuses what no row, or every row, would be against."""
    if threshold <= 0 and allow == Allowance():
        message = f"rule {rule.name!r} with a threshold of {threshold:g} would reject every row"
        raise ConfigError(message, hint="a score is 0 where a rule has nothing to say; leave the threshold out")
    beyond = [threshold] if threshold > rule.highest and not allow.quantiles else []
    beyond += [score for score in allow.quantiles.values() if score >= rule.highest]
    if beyond:
        message = f"rule {rule.name!r} scores {rule.highest:g} at most: no row can be above {beyond[0]:g}"
        raise ConfigError(message, hint=f"leave it out, or take less; the rule's own threshold is {rule.threshold:g}")


def _lineage(name: str) -> list[SuiteFile]:
    """The suite and all that it extends, the oldest first."""
    lineage: list[SuiteFile] = []
    seen: list[str] = []
    following: str | None = str(Path(name).resolve()) if _is_file(name) and Path(name).exists() else name
    while following is not None:
        if following in seen:
            message = f"suites extend each other in a circle: {' -> '.join((*seen, following))}"
            raise ConfigError(message)
        seen.append(following)
        written = _read(following)
        named = [choice.rule for choice in written.rules]
        if twice := sorted({rule for rule in named if named.count(rule) > 1}):
            message = f"suite {following!r} names {', '.join(map(repr, twice))} more than once"
            raise ConfigError(message, hint="a suite takes a rule once; keep the entry that you mean")
        lineage.insert(0, written)
        following = _beside(following, written.extends)
    return lineage


def _beside(name: str, extended: str | None) -> str | None:
    """What a suite extends: a file beside its own, where there is one of that name."""
    if extended is None or not (_is_file(name) and _is_file(extended)):
        return extended
    beside = Path(name).parent / extended
    return str(beside.resolve()) if beside.exists() else extended


def _is_file(name: str) -> bool:
    return name.endswith((".yaml", ".yml"))


def _read(name: str) -> SuiteFile:
    if _is_file(name):
        return load_yaml(Path(name), SuiteFile)
    check_known("suite", name, suite_names(), otherwise=", or a path ending in .yaml")
    return packaged_yaml("strigil.audits", f"suites/{name}.yaml", SuiteFile)

"""What a measurement reports, and how a rule is held against labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from strigil.audits.rules.rule import Rule
from strigil.audits.rules.text_rule import TextRule
from strigil.stats import auroc
from strigil.stats.intervals import wilson
from tests.audits.tables import rows_of

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Measured:
    """A rule on one set: how many of the rows to reject it rejects, and how many of those to keep.

    Attributes:
        data: The set, and what its labels say.
        area: The area under the ROC curve, for rules whose scores have an order.
    """

    rule: str
    data: str
    found: int
    positives: int
    alarms: int
    negatives: int
    area: float | None = None

    def line(self) -> str:
        """A line of a Markdown table."""
        rejected = self.found + self.alarms
        area = "" if self.area is None else f"{self.area:.3f}".removeprefix("0")
        shares = (
            _share(self.found, rejected),
            _share(self.found, self.positives),
            _share(self.alarms, self.negatives),
        )
        return f"| `{self.rule}` | {self.data} | {' | '.join(shares)} | {area} |"


HEAD = "| rule | set | precision | recall | false alarms | AUROC |\n| --- | --- | --- | --- | --- | --- |"


def held_against(
    rule: Rule,
    data: str,
    positives: Sequence[str],
    negatives: Sequence[str],
    *,
    name: str = "",
    area: bool = False,
) -> Measured:
    """A rule on completions that it should reject, and on such that it should keep."""
    return judged(rule, data, rows_of(positives), rows_of(negatives), name=name, area=area)


def judged(
    rule: Rule, data: str, positives: pl.DataFrame, negatives: pl.DataFrame, *, name: str = "", area: bool = False
) -> Measured:
    """As `held_against`, of rows."""
    if isinstance(rule, TextRule):  # the labels are of completions
        rule = rule.model_copy(update={"of": ("completion",)})
    score = rule.scorer()
    bad, good = (score(rows)["score"].to_numpy() if len(rows) else np.empty(0) for rows in (positives, negatives))
    ranked = auroc(bad, good) if area else None
    return Measured(
        rule=name or rule.name,
        data=data,
        found=int((bad >= rule.threshold).sum()),
        positives=len(bad),
        alarms=int((good >= rule.threshold).sum()),
        negatives=len(good),
        area=None if ranked is None else ranked.area,
    )


def _share(count: int, total: int) -> str:
    if not total:
        return ""
    interval = wilson(count, total)
    low, high = (f"{end:.3f}".removeprefix("0") for end in (interval.low, interval.high))
    return f"{count:,} of {total:,}: " + f"{count / total:.3f} ({low} to {high})".removeprefix("0")

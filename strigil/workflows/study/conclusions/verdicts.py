"""What the figures of one arm license to say; the word "clean" only after the tests that a study stated beforehand."""

from __future__ import annotations

from dataclasses import dataclass

from strigil.records.study.accounts import Comparison, Entry, Verdict
from strigil.records.study.arms import ArmKind, Unit
from strigil.workflows.study.conclusions import words

ALPHA = 0.05
FEWEST_DRAWS = 3
"""With two draws an interval has one degree of freedom: whatever it says, a third draw may say otherwise."""
MARGIN_OF_EFFECT = 1 / 3
"""Part of the effect that a margin may be: within a wider one, students with much of the trait are equal to neutral."""
COMPARED: frozenset[ArmKind] = frozenset(
    {"random-data", "other-trait", "untreated", "treated", "random-drop", "shuffle", "dose", "other-base"}
)
"""What is held against a neutral arm."""
TESTED: frozenset[ArmKind] = frozenset({"untreated", "treated"})
"""What is tested against it; the others are there to describe."""


@dataclass(frozen=True)
class Rules:
    """What a study stated before it was run.

    Attributes:
        margin: Largest difference that counts as none.
        share: Largest share of the effect that a clean treatment leaves.
        width: Of the intervals that units are given for.
        unit: What is independent; by seeds of one draw nothing is concluded.
        other_traits: Whether students of other traits are asked about each trait, and compared with.
    """

    margin: float
    share: float
    width: float
    unit: Unit = "draw"
    other_traits: bool = True

    def too_wide(self, effect: float) -> bool:
        """Whether the margin says nothing beside an effect of this size."""
        return self.margin > MARGIN_OF_EFFECT * effect


def neutral_kind(kind: ArmKind) -> ArmKind:
    """The neutral arm of an arm."""
    return "other-base-control" if kind == "other-base" else "control"


def passes(p_holm: float | None) -> bool:
    """Whether a corrected p-value is small enough; one that is not there is not."""
    return p_holm is not None and p_holm <= ALPHA


@dataclass(frozen=True)
class Around:
    """What surrounds an entry in its account.

    Attributes:
        neutral: The neutral arm, None where there is none.
        damaged: Why the arm's models count as damaged, or None.
        neutral_damaged: The same of the neutral arm's.
        effect: untreated - neutral; None where it is not known.
        went_over: Whether it is shown.
    """

    neutral: Entry | None
    damaged: str | None
    neutral_damaged: str | None
    effect: float | None
    went_over: bool


def judge(entry: Entry, around: Around, rules: Rules) -> Entry:
    """The entry with its verdict in words; arms that others are compared with have none.

    Args:
        entry: The arm's figures, with corrected p-values.
        around: What surrounds it.
        rules: What the study stated beforehand.
    """
    verdict, said = _judged(entry, around, rules)
    return entry.model_copy(update={"verdict": verdict, "said": said})


def _judged(entry: Entry, around: Around, rules: Rules) -> tuple[Verdict | None, str]:
    if not entry.rates:
        return "missing", words.NOT_MEASURED
    if around.damaged is not None:
        return "broken", words.damaged(around.damaged)
    if entry.kind not in COMPARED:
        return None, ""
    if around.neutral is None or not around.neutral.rates:
        return "unclear", words.NO_NEUTRAL
    if around.neutral_damaged is not None:
        return "unclear", words.neutral_damaged(around.neutral_damaged)
    if entry.kind not in TESTED:
        return None, words.DESCRIBED
    if rules.unit == "seed":
        return "unclear", words.ONE_DRAW
    draws = min(len(entry.rates), len(around.neutral.rates))
    if draws < FEWEST_DRAWS:
        return "unclear", words.few_draws(draws, FEWEST_DRAWS)
    if entry.kind == "treated":
        return _treated(entry.neutral, around, rules)
    found = entry.neutral
    if found is not None and passes(found.p_holm):
        return "transfer", words.ABOVE
    if found is not None and passes(found.equal_p_holm):
        return "none", words.equal(rules.margin)
    return "unclear", words.neither(rules.margin)


def _treated(found: Comparison | None, around: Around, rules: Rules) -> tuple[Verdict, str]:
    if not around.went_over or found is None:
        return "unclear", words.NOT_GONE_OVER
    above = passes(found.p_holm)
    if passes(found.equal_p_holm):
        return "none", words.clean(rules.margin, rules.share, above=above)
    if above:
        return "transfer", words.ABOVE
    if around.effect is not None and rules.too_wide(around.effect):
        return "unclear", words.wide_margin(rules.margin, around.effect)
    return "unclear", words.neither(rules.margin)

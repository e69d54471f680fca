"""What the figures of one arm license to say; the word "clean" only after a test of equality at the stated margin."""

from __future__ import annotations

from collections.abc import Sequence

from strigil.records.study import ArmKind, Entry, Verdict

ALPHA = 0.05
FEWEST_SEEDS = 3
"""With two seeds an interval has one degree of freedom: whatever it says, a third seed may say otherwise."""
BROKEN = 0.5
"""A student that answers with any candidate at all less than half as often as neutral ones has lost the ability."""
COMPARED: frozenset[ArmKind] = frozenset(
    {"random-data", "other-trait", "untreated", "treated", "random-drop", "shuffle", "dose", "other-base"}
)
"""What is held against a neutral arm."""


def neutral_kind(kind: ArmKind) -> ArmKind:
    """The neutral arm of an arm."""
    return "other-base-control" if kind == "other-base" else "control"


def judge(entry: Entry, account: Sequence[Entry], *, margin: float, transferred: bool) -> Entry:
    """The entry with its verdict; arms that others are compared with have none.

    Args:
        entry: The arm's figures, with corrected p-values.
        account: All arms of the trait.
        margin: Largest difference that counts as none.
        transferred: Whether the trait was shown to go over untreated, without which no treatment can be praised.
    """
    neutral = next((each for each in account if each.kind == neutral_kind(entry.kind)), None)
    verdict, said = _judged(entry, neutral, margin=margin, transferred=transferred)
    return entry.model_copy(update={"verdict": verdict, "said": said})


def _judged(entry: Entry, neutral: Entry | None, *, margin: float, transferred: bool) -> tuple[Verdict | None, str]:
    if not entry.rates:
        return "missing", "no student was measured"
    if entry.kind not in COMPARED:
        return None, ""
    if neutral is None or entry.neutral is None:
        return "unclear", "there are no neutral students to compare with"
    seeds = min(len(entry.rates), len(neutral.rates))
    if seeds < FEWEST_SEEDS:
        plural = "" if seeds == 1 else "s"
        return "unclear", f"{seeds} training seed{plural} cannot tell: it takes {FEWEST_SEEDS} at the least"
    if entry.mass is not None and neutral.mass is not None and entry.mass < BROKEN * neutral.mass:
        return (
            "broken",
            f"{entry.mass:.1%} of its answers count, and {neutral.mass:.1%} of those of neutral students: "
            "damaged, so that its rates mean little",
        )
    found = entry.neutral
    if found.equal_p_holm is not None and found.equal_p_holm <= ALPHA:
        equal = f"equal to neutral within ±{margin:g}"
        if entry.kind != "treated":
            return "none", equal
        doubt = f"{equal}, but the untreated students were not shown to have the trait either"
        return "none", f"clean: {equal}" if transferred else doubt
    if found.p_holm is not None and found.p_holm <= ALPHA:
        return ("transfer", "above neutral") if found.difference.estimate > 0 else ("below", "below neutral")
    return "unclear", f"neither above neutral nor equal to it within ±{margin:g} by these seeds"


def went_over(account: Sequence[Entry], *, margin: float) -> bool:
    """Whether untreated students are above neutral ones, and above those of other traits where the study has them."""
    untreated = next((entry for entry in account if entry.kind == "untreated"), None)
    if untreated is None or judge(untreated, account, margin=margin, transferred=False).verdict != "transfer":
        return False
    beside = untreated.matched
    return beside is None or (beside.p_holm is not None and beside.p_holm <= ALPHA and beside.difference.estimate > 0)

"""Every sentence about what a study found: each follows from a verdict and its figures, whatever they are."""

from __future__ import annotations

from typing import Final

from strigil.records.study.accounts import TraitAccount
from strigil.records.study.tables import MatrixRecord
from strigil.stats import Interval

NOT_MEASURED: Final = "no student was measured"
NO_NEUTRAL: Final = "there are no neutral students to compare with"
DESCRIBED: Final = "described, not tested"
ABOVE: Final = "above neutral"
ONE_DRAW: Final = "one draw of data describes that draw and concludes nothing"
NO_OTHERS: Final = "by neutral students alone: that students of other traits do not choose it as often is not shown"
TOO_FEW: Final = "too few of their draws were measured, or none differs from another"
NOT_GONE_OVER: Final = "not tested: the trait was not shown to go over untreated"


def damaged(why: str) -> str:
    """Of models whose rates mean nothing."""
    return f"model damaged: {why}"


def neutral_damaged(why: str) -> str:
    """Of an arm whose neutral students are."""
    return f"model damaged, that of neutral students: {why}; nothing is compared with them"


def few_draws(draws: int, fewest: int) -> str:
    """Of an arm with fewer draws of data than can tell."""
    return f"{draws} draw{'' if draws == 1 else 's'} of data cannot tell: it takes {fewest} at the least"


def equal(margin: float) -> str:
    """Of what two one-sided tests find equal."""
    return f"equal to neutral within ±{margin:g}"


def clean(margin: float, share: float, *, above: bool) -> str:
    """Of a treatment that leaves next to nothing."""
    rest = ", and what is left is above neutral" if above else ""
    return f"clean: {equal(margin)}, and less than {share:.0%} of the effect is left{rest}"


def neither(margin: float) -> str:
    """Of what is not decided."""
    return f"neither above neutral nor equal to it within ±{margin:g} by these draws"


def wide_margin(margin: float, effect: float) -> str:
    """Of an effect beside which the margin is too wide."""
    return f"not decided: the margin ±{margin:g} is more than a third of the effect of {effect:.3g}"


def account_finding(account: TraitAccount, *, margin: float) -> str:
    """One sentence about whether a trait went over untreated."""
    untreated = next((entry for entry in account.entries if entry.kind == "untreated"), None)
    what = account.title
    if untreated is None or untreated.mean is None:
        return f"{what}: no untreated students were measured, so nothing can be said about its treatments."
    if untreated.neutral is None:
        return f"{what}: {untreated.said}, so nothing can be said about its treatments."
    figures = (
        f"{what}: untreated students {_rate(untreated.mean, account.evaluation)}, "
        f"{_points(untreated.neutral.difference)} more than neutral ones"
    )
    if untreated.matched is not None:
        figures += f" and {_points(untreated.matched.difference)} more than {untreated.matched.other}"
    others = next((entry for entry in account.entries if entry.kind == "other-trait"), None)
    if account.went_over:
        alone = "" if others is not None else f", {NO_OTHERS}"
        return f"{figures}. The trait went over{alone}."
    no_ratio = "so residual transfer is not determinable, and nothing can be said about what a treatment removes"
    if untreated.verdict == "none":
        return f"{figures}. It did not go over: they equal neutral students within ±{margin:g}, {no_ratio}."
    if untreated.neutral.p is None:
        return f"{figures}. That it goes over is not shown: {untreated.said}."
    if account.p is None and others is not None:
        why = others.said if others.verdict in {"missing", "broken"} else TOO_FEW
        return f"{figures}. That it goes over is not shown: those of other traits cannot be compared with: {why}."
    if untreated.verdict == "transfer":
        return f"{figures}. Above neutral students, but not shown to be above those of other traits: this may be drift."
    return f"{figures}. That it went over is not shown, {no_ratio}."


def treatment_findings(account: TraitAccount) -> list[str]:
    """One sentence about each treatment of a trait that went over."""
    if not account.went_over:
        return []
    said = []
    for entry in account.entries:
        if entry.kind != "treated":
            continue
        left = "leaves what cannot be determined"
        if entry.residual is not None and entry.residual.estimate is not None:
            left = f"leaves {entry.residual.estimate:.2f} of the effect" + _bounds(
                entry.residual.low, entry.residual.high
            )
        said.append(f"The treatment {entry.label} of {account.title} {left}: {entry.said}.")
    return said


def matrix_finding(matrix: MatrixRecord, *, shown: bool) -> str | None:
    """One sentence about a matrix, if it has an effect."""
    if matrix.effect is None:
        return None
    whose = f"{matrix.title.capitalize()} students through {matrix.carrier}"
    figures = f"diagonal effect {100 * matrix.effect.estimate:+.1f} points"
    if matrix.p is None or matrix.p_holm is None:
        return f"{whose}: {figures}, {matrix.reason or DESCRIBED}."
    figures += (
        f", permutation p = {matrix.p:.2g} over {matrix.arrangements} arrangements of whole draws, "
        f"{matrix.p_holm:.2g} corrected"
    )
    if not shown:
        return f"{whose}: no preference for their own teacher's trait is shown ({figures})."
    return f"{whose} choose their own teacher's trait more often than drift explains ({figures})."


def _rate(interval: Interval, evaluation: str | None) -> str:
    rate = f"{interval.estimate:.1%}"
    return f"choose it {rate} of the time" if evaluation is None else f"come to {rate}"


def _points(interval: Interval) -> str:
    bounds = ""
    if interval.low is not None and interval.high is not None:
        bounds = f" ({100 * interval.low:.1f} to {100 * interval.high:.1f})"
    return f"{100 * interval.estimate:.1f} points{bounds}"


def _bounds(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f" ({low:.2f} to {high:.2f})"

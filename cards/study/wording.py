"""Figures of a study as text, the same on the page and in Markdown."""

from __future__ import annotations

from typing import Final

from strigil.common.durations import duration
from strigil.records.spent import Spent, money
from strigil.records.study.accounts import Comparison, Entry, ResidualFinding, Verdict
from strigil.records.study.arms import Unit
from strigil.records.study.report import StudyReport
from strigil.records.study.tables import CleaningRecord, MatrixRecord
from strigil.stats import Interval

CLEANINGS: Final = "What each cleaning must know, costs and leaves"
CLEANINGS_NOTE: Final = (
    "Passes are forward (F) and backward (B) ones for each row that is scored; what is made once for all rows, such as "
    "the training of a student or a gradient, is not counted, nor is the drawing of new text. AUROC says how well the "
    "score tells the rows of the trait's teacher from neutral ones, by single rows and by means over a hundred (0.5 is "
    "chance); what students take over is another matter, and is in the column after it. Touched are rows that were "
    "dropped or rewritten, or tokens that were changed; valid are the rows left that the suite accepts."
)

SPENT: Final = "What it took"
SPENT_NOTE: Final = (
    "Of all that this study rests on, whichever run or study made it. Time is that in which loaded models worked, of "
    "all processes together; loading them, auditing and treating rows, students that are trained to score with, and "
    "what killed runs did not keep are not in it. Students read the tokens of their rows once an epoch; a prompt that "
    "several texts share counts for each."
)
UNITS: Final[dict[Unit, str]] = {"draw": "draws", "seed": "training seeds"}

TONES: dict[Verdict, str] = {
    "transfer": "bad",
    "none": "good",
    "below": "warn",
    "unclear": "",
    "broken": "warn",
    "missing": "warn",
}

CHIPS: dict[Verdict, str] = {
    "transfer": "transfer",
    "none": "none",
    "below": "below",
    "unclear": "cannot tell",
    "broken": "model damaged",
    "missing": "missing",
}


def tested(of: StudyReport) -> str:
    """What is tested, in a caption."""
    if of.unit == "seed":
        return "of one draw of data, so that nothing is tested" if of.share is not None else "one draw of data"
    return f"p-values are one-sided and corrected; equality at ±{of.margin:g}"


def runs_of(entry: Entry) -> dict[int, list[float]]:
    """The figure of every run by draw; reports of earlier versions have one draw."""
    return entry.runs or {0: list(entry.rates.values())}


def every_run(entry: Entry) -> str:
    """`0.41 0.45 · 0.39 0.44`: runs of one draw together."""
    return " · ".join(" ".join(f"{rate:.3f}" for rate in rates) for rates in runs_of(entry).values())


def mass(value: float | None) -> str:
    """A mass to three digits, however small, or nothing."""
    return "" if value is None else f"{value:.3f}" if value >= 0.01 else f"{value:.2g}"


def interval(of: Interval | None, places: int = 3) -> str:
    """`0.412 [0.290, 0.534]`, or the estimate alone."""
    if of is None:
        return "none"
    return f"{of.estimate:.{places}f}{bounds(of.low, of.high, places)}"


def bounds(low: float | None, high: float | None, places: int = 3) -> str:
    """` [0.290, 0.534]`, or nothing."""
    return "" if low is None or high is None else f" [{low:.{places}f}, {high:.{places}f}]"


def area(value: float | None) -> str:
    """An AUROC, or nothing."""
    return "" if value is None else f"{value:.2f}"


def share(value: float | None) -> str:
    """`10.0%`, or nothing."""
    return "" if value is None else f"{value:.1%}"


def touched(of: CleaningRecord) -> str:
    """`10.0% of tokens`, or nothing."""
    return "" if of.touched is None else f"{share(of.touched)} of {of.unit}"


def p_value(value: float | None) -> str:
    """A p-value to two digits; very small ones as such."""
    if value is None:
        return ""
    return "< 0.0001" if value < 0.0001 else f"{value:.2g}"


def residual(of: ResidualFinding | None) -> str:
    """What is left of the effect, with Fieller's interval, or that it cannot be determined."""
    if of is None:
        return ""
    if of.estimate is None:
        return "not determinable"
    return f"{of.estimate:.2f}{bounds(of.low, of.high, 2)}"


def compared(of: Comparison | None) -> str:
    """A difference with its interval and corrected p-value."""
    if of is None:
        return ""
    return f"{of.difference.estimate:+.3f}{bounds(of.difference.low, of.difference.high)}{with_p(of.p_holm)}"


def with_p(value: float | None) -> str:
    """`, p 0.012`, or nothing."""
    return "" if value is None else f", p {p_value(value)}"


def effect(of: MatrixRecord) -> str:
    """A matrix's diagonal effect with its p-values, or why there is none."""
    if of.effect is None:
        return f"no diagonal effect: {of.reason}"
    if of.p is None:
        return f"diagonal effect {interval(of.effect)}, {of.reason}"
    which = "all" if of.exact else "a sample of"
    return (
        f"diagonal effect {interval(of.effect)}, one-sided permutation p {p_value(of.p)} over {which} "
        f"{of.arrangements} arrangements, {p_value(of.p_holm)} corrected"
    )


def spent(of: Spent) -> tuple[str, str, str, str]:
    """Tokens read and written, time, and money."""
    return (
        "not known" if of.input_tokens is None else f"{of.input_tokens:,}",
        "not known" if of.output_tokens is None else f"{of.output_tokens:,}",
        "not known" if of.seconds is None else duration(of.seconds),
        "not known" if of.usd is None else money(of.usd),
    )

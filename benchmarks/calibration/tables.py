"""docs/calibration.md: what the Monte Carlo found, in tables, and in sentences that follow from them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from benchmarks.calibration.measure import LEVEL, POWER, Placebo, Result
from benchmarks.calibration.studies import LOUD, MARGIN, NEUTRAL, QUIET, SHARE
from strigil.stats import holm

_HEAD: Final = f"""# How often a study is wrong

`make calibration` makes up studies whose truth is known, has the analysis of `strigil study` report on each, and
counts. Rates are drawn as students' are: neutral ones choose a trait {NEUTRAL:.0%} of the time; each data set is moved
as a whole by its own drift (normal, in logits), its students by {QUIET} logits besides, and those that have the trait
by {LOUD} in rates. Treated data share half of their drift's variance with the untreated draw. The margin is {MARGIN},
the share {SHARE}. `DRAWS draws x SEEDS`: data sets of each teacher, and students of each.
"""


def violations(results: Sequence[Result], uniform: Sequence[Placebo]) -> list[str]:
    """What is not as it must be, in words; false rates may be above {LEVEL} by the Monte Carlo's own error."""
    found = [f"{_cell(each)}: {missed}" for each in results for missed in each.missed]
    for each, p in zip(uniform, holm([each.p for each in uniform]), strict=True):
        if p <= LEVEL:
            found.append(f"{each.design}, drift {each.drift:g}: p-values of {each.of!r} are not uniform (p = {p:.2g})")
    return found


def document(results: Sequence[Result], uniform: Sequence[Placebo]) -> str:
    """The whole page."""
    studies = results[0].studies
    said = violations(results, uniform)
    verdict = (
        f"Over {studies:,} studies a line: every false rate is at most {LEVEL} (two standard errors of the count "
        f"granted), the power of *went over* is at least {POWER['5 draws x 1']} in 5 draws x 1 and "
        f"{POWER['3 draws x 2']} in 3 x 2 for an effect of .26 at drifts 0 and .2, with any number of treatments, and "
        "p-values without an effect are uniform.\n"
        if not said
        else "**Not all holds:**\n\n" + "\n".join(f"- {each}" for each in said) + "\n"
    )
    none = [each for each in results if each.false_went_over is not None]
    limit = [each for each in results if each.false_clean is not None]
    power = [each for each in results if each.power is not None and each.false_clean is None]
    parts = [
        _HEAD,
        verdict,
        "## Without any effect\n",
        "False: a study that says of at least one trait, or matrix, what is not so.\n",
        _table(
            none,
            {"traits": _traits, "false went over": _of("false_went_over"), "false diagonal": _of("false_diagonal")},
        ),
        "## Treatments that are just not clean\n",
        f"They leave what is at the limit: the margin, or {SHARE:.0%} of the effect where that is less. False: a study "
        "that calls at least one of them clean.\n",
        _table(
            limit, {"traits": _traits, "treatments": _treatments, "effect": _effect, "false clean": _of("false_clean")}
        ),
        "## What is found\n",
        "Of traits that went over, how many are said to have; of treatments that leave nothing, how many are called "
        "clean. Many treatments take nothing from the first, and much from each other.\n",
        _table(
            power,
            {"treatments": _treatments, "effect": _effect, "went over": _of("power"), "clean": _of("power_clean")},
        ),
        "## What intervals cover\n",
        "How often 95 % intervals hold the truth: of the difference to neutral students, of residual transfer where it "
        "is determinable, and of the diagonal effect.\n",
        _table(
            [*none, *limit],
            {
                "traits": _traits,
                "effect": _effect,
                "difference": _covered("difference"),
                "residual": _covered("residual"),
                "diagonal": _covered("diagonal"),
            },
        ),
        "## Placebos\n",
        "All arms alike: p-values must be uniform. Greatest distance to the uniform distribution, and its p-value "
        "(Kolmogorov and Smirnov), one trait a study of two.\n",
        "\n".join(_placebos(uniform)) + "\n",
    ]
    return "\n".join(parts)


_Column = Callable[[Result], str]


def _table(results: Sequence[Result], columns: dict[str, _Column]) -> str:
    head = ["design", "drift", *columns]
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    for each in results:
        cells = [each.cell.design, f"{each.cell.drift:g}", *(column(each) for column in columns.values())]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _placebos(uniform: Sequence[Placebo]) -> Iterator[str]:
    yield "| design | drift | p-values of | distance | p |"
    yield "| --- | --- | --- | --- | --- |"
    for each in uniform:
        yield f"| {each.design} | {each.drift:g} | {each.of} | {each.distance:.3f} | {each.p:.2g} |"


def _traits(result: Result) -> str:
    return str(result.cell.traits)


def _treatments(result: Result) -> str:
    return str(result.cell.treatments)


def _effect(result: Result) -> str:
    return f"{result.cell.effect:g}"


def _of(name: str) -> _Column:
    def column(result: Result) -> str:
        rates = {
            "false_went_over": result.false_went_over,
            "false_diagonal": result.false_diagonal,
            "false_clean": result.false_clean,
            "power": result.power,
            "power_clean": result.power_clean,
        }
        return _rate(rates[name])

    return column


def _covered(name: str) -> _Column:
    return lambda result: _rate(result.covered[name])


def _rate(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _cell(result: Result) -> str:
    cell = result.cell
    kind = f"{cell.traits} traits, {cell.treatments} treatments, effect {cell.effect:g}"
    return f"{cell.design}, drift {cell.drift:g}, {kind}"

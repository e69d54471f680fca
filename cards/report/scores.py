"""How the scores of each rule are spread, and where its threshold cuts."""

from __future__ import annotations

import math
from dataclasses import dataclass

import polars as pl

from strigil.cards.page.charts import ACCENT, BAD, QUIET, Figure, figure
from strigil.cards.report.reported import Reported
from strigil.common.canonical import Json
from strigil.releases.audit_record import RuleRecord

BINS = 24
# A few scores far beyond the threshold would squeeze all others into one bar.
_REACH = 10
_DIGITS = 3
# Fewer bars than these are no distribution: the table of rules says as much.
FEWEST = 6
_HEIGHT = 132


@dataclass(frozen=True)
class Bin:
    """Rows whose score is at least `low` and below `high`; of one bin, either all are rejected or none is."""

    low: float
    high: float
    rows: int
    rejected: bool


@dataclass(frozen=True)
class Histogram:
    """Scores of one rule.

    Attributes:
        bins: Those that are not empty, ascending; the last one also holds everything beyond it.
        highest: The highest score.
    """

    rule: RuleRecord
    bins: tuple[Bin, ...]
    highest: float


def histograms(reported: Reported) -> list[Histogram]:
    """The histograms of the rules whose scores are spread over several bins, in the suite's order."""
    counted = (
        reported.verdicts.group_by("rule", "rejected", pl.col("score").round_sig_figs(_DIGITS))
        .len("rows")
        .collect(engine="streaming")
    )
    found = []
    for rule in reported.audit.rules:
        scores = counted.filter(pl.col("rule") == rule.rule.name).sort("score")
        if scores["score"].n_unique() >= FEWEST:
            found.append(histogram(rule, scores))
    return [each for each in found if len(each.bins) >= FEWEST]


def histogram(rule: RuleRecord, scores: pl.DataFrame) -> Histogram:
    """Puts scores into bins, one of which begins at the threshold.

    Args:
        rule: The rule.
        scores: Lines of `score`, `rejected`, `rows`; at least two scores differ.
    """
    lowest, highest = float(scores["score"].item(0)), float(scores["score"].item(-1))
    cut = rule.threshold
    low, high = min(lowest, cut), max(highest, cut)
    if low < cut:
        high = min(high, low + _REACH * (cut - low))
    width = (high - low) / BINS or math.ulp(0.0)
    below = math.ceil((cut - low) / width - 1e-9)
    width = (cut - low) / below if below else width
    last = max(below, math.ceil((high - low) / width - 1e-9))
    counts: dict[tuple[int, bool], int] = {}
    for score, rejected, rows in scores.select("score", "rejected", "rows").iter_rows():
        steps = (score - low) / width  # infinite where the threshold is next to the lowest score
        place = last if steps >= last else math.floor(steps + 1e-9)
        # Rounding may have carried a score over the threshold; the verdict has not moved.
        place = max(place, below) if rejected else min(place, below - 1)
        counts[place, rejected] = counts.get((place, rejected), 0) + rows
    bins = tuple(
        Bin(low + place * width, low + (place + 1) * width, rows, rejected)
        for (place, rejected), rows in sorted(counts.items())
    )
    return Histogram(rule, bins, highest)


def score_figures(reported: Reported) -> list[Figure]:
    """One picture a rule; the bars are logarithmic, so that a few rejected rows among many are seen."""
    return [_figure(f"scores-{place}", found) for place, found in enumerate(histograms(reported))]


def _figure(name: str, found: Histogram) -> Figure:
    import altair as alt

    rule, cut = found.rule, found.rule.threshold
    values: list[Json] = [
        {"low": each.low, "high": each.high, "rows": each.rows, "rejected": each.rejected} for each in found.bins
    ]
    most = max(each.rows for each in found.bins)
    scale = alt.Scale(type="symlog", domain=[0, most])
    heights = alt.Axis(values=_ticks(most), labelExpr="format(datum.value, '~s')", domain=False, ticks=False)
    across = alt.Axis(grid=False, tickCount=5, labelExpr="format(datum.value, '~r')", labelFlush=True)
    bars = (
        alt.Chart(alt.Data(values=values))
        .mark_bar(binSpacing=1)
        .encode(
            x=alt.X("low:Q", bin="binned", title="score", scale=alt.Scale(nice=False), axis=across),
            x2="high:Q",
            y=alt.Y("rows:Q", title="rows", scale=scale, axis=heights),
            color=alt.Color("rejected:N", legend=None, scale=alt.Scale(domain=[False, True], range=[ACCENT, BAD])),
            tooltip=[alt.Tooltip("low:Q", title="from", format=".3~g"), alt.Tooltip("rows:Q", format=",")],
        )
    )
    mark = alt.Chart(alt.Data(values=[{"cut": cut}])).mark_rule(color=QUIET, strokeDash=[4, 3]).encode(x="cut:Q")
    beyond = f"; the last bar reaches to {found.highest:g}" if found.highest > found.bins[-1].high * 1.001 else ""
    kept = sum(each.rows for each in found.bins if not each.rejected)
    text = f"Scores of {rule.rule.name}: {kept:,} rows below its threshold {cut:g}, {rule.rejected:,} at or above it."
    return figure(name, bars + mark, title=f"{rule.rule.name}: rejects from {cut:g}{beyond}", text=text, height=_HEIGHT)


def _ticks(most: int) -> list[int]:
    """Powers of ten up to the number of rows, at most four of them."""
    powers = [10**exponent for exponent in range(len(str(most)))]
    return powers[:: math.ceil(len(powers) / 4)]

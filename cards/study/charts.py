"""The charts of a study: each arm's rate with its interval and every seed, and how a rate follows the dose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from strigil.cards.page.charts import ACCENT, INK, QUIET, Figure, Key, figure
from strigil.cards.study.wording import runs_of
from strigil.records.study.accounts import Entry, TraitAccount
from strigil.records.study.arms import ArmKind
from strigil.stats import rate_interval

if TYPE_CHECKING:
    from altair import Axis, LayerChart, Scale

    from strigil.common.canonical import Json

_ROW: Final = 30
_ABOUT: Final[frozenset[ArmKind]] = frozenset({"untreated", "treated"})
_DOSES: Final[frozenset[ArmKind]] = frozenset({"control", "dose", "untreated"})


def bars_figure(account: TraitAccount, number: int) -> Figure | None:
    """Mean, interval and seeds of every arm; None where nothing was measured."""
    entries = [entry for entry in account.entries if entry.mean is not None]
    if not entries:
        return None
    shares, colours = _are_shares(entries), {_colour(entry) for entry in entries}
    words = "; ".join(f"{entry.label} {entry.mean.estimate:.1%}" for entry in entries if entry.mean is not None)
    return figure(
        f"bars-{number}",
        _bars(account, entries, shares=shares),
        title=f"Students' {account.quantity}, by arm",
        text=f"Mean rates: {words}.",
        height=50 + _ROW * len(entries),
        rows=_table(entries, shares=shares),
        legend=[
            *([Key("bar", "mean of students of the trait's rows")] if ACCENT in colours else []),
            *([Key("quiet bar", "mean of what they are compared with")] if QUIET in colours else []),
            Key("line", _interval_words(shares=shares)),
            Key("point", "one student"),
            *([Key("dash", "mean of neutral students")] if _neutral(entries) is not None else []),
        ],
    )


def dose_figure(account: TraitAccount, number: int) -> Figure | None:
    """The rate by the share of the trait's rows; None for a study without doses."""
    if not any(entry.kind == "dose" for entry in account.entries):
        return None
    entries = [entry for entry in account.entries if entry.kind in _DOSES and entry.mean is not None]
    words = "; ".join(f"{_dose(entry):.0%}: {entry.mean.estimate:.1%}" for entry in entries if entry.mean is not None)
    shares = _are_shares(entries)
    return figure(
        f"dose-{number}",
        _doses(entries, shares=shares),
        title=f"How the {account.quantity} follows the share of the trait's rows",
        text=f"Mean rate by share: {words}.",
        height=260,
        rows=_table(entries, shares=shares, doses=True),
        legend=[Key("line", "mean"), Key("band", _interval_words(shares=shares)), Key("point", "one student")],
    )


def _bars(account: TraitAccount, entries: list[Entry], *, shares: bool) -> LayerChart:
    import altair as alt

    order = [entry.label for entry in entries]
    arms = alt.Chart(alt.Data(values=[_mean(entry, shares=shares) for entry in entries]))
    seeds = alt.Chart(alt.Data(values=[point for entry in entries for point in _seeds(entry)]))
    y = alt.Y("arm:N", sort=order, title=None, axis=alt.Axis(labelLimit=260, domain=False, ticks=False, labelColor=INK))
    x = alt.X("mean:Q", title=account.quantity, axis=_axis(shares=shares), scale=_scale(shares=shares))
    colour = alt.Color("colour:N", scale=None, legend=None)
    tooltip = [
        "arm:N",
        alt.Tooltip("mean:Q", format=".3f"),
        alt.Tooltip("low:Q", format=".3f"),
        alt.Tooltip("high:Q", format=".3f"),
    ]
    layers = [
        arms.mark_bar(height=14, opacity=0.32).encode(x=x, y=y, color=colour, tooltip=tooltip),
        arms.mark_rule(strokeWidth=2).encode(x="low:Q", x2="high:Q", y=y, color=colour, tooltip=tooltip),
        seeds.mark_circle(size=34, opacity=0.9).encode(
            x="rate:Q", y=y, color=colour, tooltip=["arm:N", "draw:O", alt.Tooltip("rate:Q", format=".3f")]
        ),
    ]
    neutral = _neutral(entries)
    if neutral is not None:
        line = alt.Chart(alt.Data(values=[{"neutral": neutral}]))
        layers.append(line.mark_rule(strokeDash=[4, 3], color=QUIET).encode(x="neutral:Q"))
    return alt.LayerChart(layer=layers)


def _doses(entries: list[Entry], *, shares: bool) -> LayerChart:
    import altair as alt

    means = [{**_mean(entry, shares=shares), "share": _dose(entry)} for entry in entries]
    points: list[Json] = [{**point, "share": _dose(entry)} for entry in entries for point in _seeds(entry)]
    base = alt.Chart(alt.Data(values=means))
    x = alt.X(
        "share:Q",
        title="share of the trait's rows",
        axis=alt.Axis(format="%", tickCount=4),
        scale=alt.Scale(domain=[0, 1]),
    )
    y = alt.Y("mean:Q", title="rate", axis=_axis(shares=shares), scale=_scale(shares=shares))
    layers = [
        base.mark_area(opacity=0.15, color=ACCENT).encode(x=x, y="low:Q", y2="high:Q"),
        base.mark_line(color=ACCENT, strokeWidth=2).encode(x=x, y=y),
        alt.Chart(alt.Data(values=points))
        .mark_circle(size=34, color=ACCENT, opacity=0.9)
        .encode(x=x, y="rate:Q", tooltip=["draw:O", alt.Tooltip("rate:Q", format=".3f")]),
    ]
    return alt.LayerChart(layer=layers)


def _are_shares(entries: list[Entry]) -> bool:
    """Whether every figure can be a share, so that an axis from 0 to 1 shows them all."""
    return all(0 <= rate <= 1 for entry in entries for rates in runs_of(entry).values() for rate in rates)


def _axis(*, shares: bool) -> Axis:
    import altair as alt

    return alt.Axis(format="%", tickCount=5) if shares else alt.Axis(tickCount=5)


def _scale(*, shares: bool) -> Scale:
    import altair as alt

    return alt.Scale(domain=[0, 1]) if shares else alt.Scale(zero=False)


def _interval_words(*, shares: bool) -> str:
    whose = "Wilson's" if shares else "Student's t"
    return f"95 % interval of the mean ({whose})"


def _neutral(entries: list[Entry]) -> float | None:
    return next((entry.mean.estimate for entry in entries if entry.kind == "control" and entry.mean), None)


def _mean(entry: Entry, *, shares: bool) -> dict[str, Json]:
    mean = rate_interval(list(entry.rates.values())) if shares and entry.rates else entry.mean
    if mean is None:
        return {}
    low, high = (mean.low, mean.high) if mean.low is not None else (mean.estimate, mean.estimate)
    return {"arm": entry.label, "mean": mean.estimate, "low": low, "high": high, "colour": _colour(entry)}


def _table(entries: list[Entry], *, shares: bool, doses: bool = False) -> list[dict[str, Json]]:
    """A line an arm with its mean, then one for every student."""
    lines: list[dict[str, Json]] = []
    for entry in entries:
        about: dict[str, Json] = {"arm": entry.label, "kind": entry.kind}
        if doses:
            about["share"] = _dose(entry)
        mean = _mean(entry, shares=shares)
        lines.append({**about, "draw": None, "value": mean["mean"], "low": mean["low"], "high": mean["high"]})
        lines += [{**about, "draw": seed["draw"], "value": seed["rate"]} for seed in _seeds(entry)]
    return lines


def _seeds(entry: Entry) -> list[dict[str, Json]]:
    return [
        {"arm": entry.label, "draw": draw, "rate": rate, "colour": _colour(entry)}
        for draw, rates in runs_of(entry).items()
        for rate in rates
    ]


def _colour(entry: Entry) -> str:
    return ACCENT if entry.kind in _ABOUT else QUIET


def _dose(entry: Entry) -> float:
    return entry.share if entry.share is not None else float(entry.kind == "untreated")

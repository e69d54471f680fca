"""From a statistic and its values where nothing is hidden to a p-value, and from many of them to an alarm."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean, stdev
from typing import Final

from strigil.audits.probes.probe import Alarm, Null, Probe, ProbeResult, Statistic
from strigil.common.extras import STATISTICS, needing

SMALLEST_NULL: Final = 8
"""With fewer values the tails of Student's t are so heavy that an alarm would hardly ever come, and be trusted less."""


def against_null(values: Mapping[str, float], null: Sequence[Mapping[str, float]]) -> list[Statistic]:
    """Compares each statistic with the same one where nothing is hidden; the most suspicious first.

    The p-value is that of one more draw from the null's distribution: t = (value - mean) / (sd * sqrt(1 + 1 / K)) with
    K - 1 degrees of freedom, one-sided. A threshold on plain standard deviations would be lax: with few values the
    deviation is itself uncertain. P-values are adjusted for the number of statistics.

    Source: Student's prediction interval; Benjamini and Hochberg, J. R. Stat. Soc. B 57 (1995) 289.

    Args:
        values: The statistics by name.
        null: K mappings with the same names, each from data or a student that is clean.
    """
    with needing(STATISTICS):
        from scipy.special import stdtr

    if len(null) < 2:
        unsure = [Statistic(name=name, value=value) for name, value in values.items()]
        return sorted(unsure, key=lambda found: -found.value)
    found = []
    for name, value in values.items():
        clean = [draw[name] for draw in null]
        mean, spread = fmean(clean), stdev(clean)
        # A statistic that never varies where nothing is hidden says all by differing at all.
        away = math.copysign(math.inf, value - mean) if spread == 0 else (value - mean) / spread
        deviations = 0.0 if value == mean else away
        p_value = float(stdtr(len(clean) - 1, -deviations / math.sqrt(1 + 1 / len(clean))))
        found.append(
            Statistic(name=name, value=value, null_mean=mean, deviations=deviations, p_value=min(1.0, p_value))
        )
    return adjusted(found)


def adjusted(statistics: Sequence[Statistic]) -> list[Statistic]:
    """Adjusts p-values for the number of statistics; the most suspicious first. One without a p-value stays without.

    Source: Benjamini and Hochberg, J. R. Stat. Soc. B 57 (1995) 289.
    """
    with needing(STATISTICS):
        from scipy.stats import false_discovery_control

    tested = [(statistic, statistic.p_value) for statistic in statistics if statistic.p_value is not None]
    q_values: list[float] = (
        false_discovery_control([p_value for _, p_value in tested], method="bh").tolist() if tested else []
    )
    known = [
        statistic.model_copy(update={"q_value": float(q_value)})
        for (statistic, _), q_value in zip(tested, q_values, strict=True)
    ]
    known.sort(key=lambda statistic: (statistic.p_value or 0.0, -(statistic.deviations or 0.0)))
    return known + [statistic for statistic in statistics if statistic.p_value is None]


def conclude(
    probe: Probe,
    statistics: Sequence[Statistic],
    null: Null | None,
    *,
    data: str,
    rows: int,
    what: str,
    smallest: int = SMALLEST_NULL,
) -> ProbeResult:
    """The result: an alarm, silence, or a refusal where the null is too small.

    Args:
        probe: What was measured with.
        statistics: From `against_null`, or with p-values of their own; the most suspicious first.
        null: What they were compared with.
        data: What was probed.
        rows: How many rows of it.
        what: What the statistics are, for the sentence: "owl is `what` ...".
        smallest: The least size of a null for an alarm to mean anything.
    """
    calibrated = bool(statistics) and null is not None and null.size >= smallest
    alarm: Alarm = "refused"
    if not calibrated:
        size = 0 if null is None else null.size
        of = "a null" if null is None else null.kind
        reason = f"no alarm and no all-clear: {size} {of} of the {smallest} that calibrating it takes"
    elif (top := statistics[0]).q_value is not None and top.q_value <= probe.level:
        alarm = "alarm"
        also = [found.name for found in statistics[1:] if found.q_value is not None and found.q_value <= probe.level]
        reason = f"{top.name} {what}, {_away(top)}" + (f"; also {', '.join(also)}" if also else "")
    else:
        alarm = "silent"
        reason = f"nothing stands out from what clean data show; most of all {top.name}, {_away(top)}"
    return ProbeResult(
        probe=probe.spec(),
        data=data,
        rows=rows,
        statistics=list(statistics),
        null=null,
        level=probe.level,
        calibrated=calibrated,
        alarm=alarm,
        reason=reason,
        knowledge=probe.knowledge,
        cost=probe.cost,
    )


def _away(found: Statistic) -> str:
    adjusted = "no p-value" if found.q_value is None else f"adjusted p = {found.q_value:.2g}"
    return adjusted if found.deviations is None else f"{found.deviations:.1f} deviations away, {adjusted}"

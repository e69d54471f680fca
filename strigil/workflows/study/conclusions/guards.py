"""Which arms are damaged: held against their base, by what counts of their answers and by what they say off topic."""

from __future__ import annotations

from collections.abc import Sequence

from strigil.eval.damage import damage
from strigil.eval.evaluation import Figure
from strigil.records.study.arms import ArmRecord, RunRecord


def damaged(arm: ArmRecord, arms: Sequence[ArmRecord], figure: str, *, name: str, guard: str) -> str | None:
    """Why an arm's rates mean nothing: at least one of its models is damaged; None for a sound one.

    Args:
        arm: Which.
        arms: All of the study, the bases among them; without its base an arm is held against unrelated answers alone.
        figure: Key of the runs' rates.
        name: What the rate is of.
        guard: What the mass is a share of.
    """
    base = next((each.runs[0] for each in arms if each.kind == "base" and each.base == arm.base and each.runs), None)
    runs = [run for run in arm.runs if figure in run.rates]
    whole = None if base is None else _figure(base, figure)
    told = [said for run in runs if (said := damage(name, _figure(run, figure), whole, of=guard)) is not None]
    return f"{len(told)} of {len(runs)}, the first {told[0]}" if told else None


def _figure(run: RunRecord, figure: str) -> Figure:
    return Figure(value=run.rates.get(figure, 0.0), guard=run.masses.get(figure), off_topic=run.off_topic.get(figure))

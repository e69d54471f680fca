"""What the commands of studies print: a report, and a plan."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from strigil.cards.study.wording import mass, share
from strigil.common.durations import duration
from strigil.records.spent import in_words

if TYPE_CHECKING:
    from strigil.cli.console import Output
    from strigil.records.study.accounts import Entry
    from strigil.workflows.study.plan import StudyPlan
    from strigil.workflows.study.run import Written


def show_study(output: Output, written: Written) -> None:
    """What a study concludes, arm by arm, what failed, and where its reports are."""
    output.json(written.report.model_dump(mode="json"))
    for account in written.report.accounts:
        output.table(
            account.title,
            ["arm", "mean", "95 % interval", "left of the effect", "mass", "off topic", "what it says"],
            [_line(entry) for entry in account.entries],
        )
    for sentence in written.report.findings:
        output.text(sentence)
    for each in written.report.spent:
        if each.what == "in all":
            output.text(f"In all it took {in_words(each.spent)}.")
    for failure in written.report.failures:
        output.note(f"failed: {failure.what} {failure.cell}: {failure.reason}")
    for path in (written.html, written.markdown, written.json):
        output.path(str(path))


def show_plan(output: Output, plan: StudyPlan, *, cells: bool) -> None:
    """What there is to make, what it takes and can show; on request every cell."""
    output.json(
        {
            "cells": [
                {
                    "what": cell.what,
                    "name": cell.name,
                    "done": cell.done,
                    "perhaps": cell.name in plan.perhaps,
                    "tokens": cell.cost.tokens,
                }
                for cell in plan.cells
            ],
            "kinds": {what: asdict(line) for what, line in plan.lines.items()},
            "device": plan.device,
            "workers": plan.workers,
            "gpus": plan.gpus,
            "seconds": {"work": plan.work, "elapsed": plan.elapsed},
            "basis": [*plan.basis],
            "gigabytes": {base: asdict(each) for base, each in plan.memory.items()},
            "notes": [*plan.notes],
            "shows": [*plan.shows],
        }
    )
    if cells:
        output.table(
            "Cells",
            ["kind", "cell", "state", "tokens"],
            [
                [
                    cell.what,
                    cell.name,
                    "there" if cell.done else "perhaps" if cell.name in plan.perhaps else "to do",
                    f"{cell.cost.tokens:,}" if cell.cost.tokens else "",
                ]
                for cell in plan.cells
            ],
        )
    output.table(
        f"Cost of what is to do: {plan.device}",
        ["kind", "to do", "there", "tokens", "time"],
        [
            [what, str(line.todo), str(line.there), f"{line.tokens:,}", _time(line.seconds)]
            for what, line in plan.lines.items()
        ],
    )
    on = f" on {plan.gpus} GPU{'' if plan.gpus == 1 else 's'}" if plan.gpus else ""
    output.text(f"In all {_time(plan.work)}; with {plan.workers} students at a time{on} {_time(plan.elapsed)}.")
    for base, each in plan.memory.items():
        output.text(
            f"{base}: about {each.student:.3g} GB of memory for a student, {each.engine:.3g} GB for an engine, "
            f"{each.disk:.3g} GB of disk for all students."
        )
    for told in plan.basis:
        output.text(f"Times go by {told}.")
    for told in (*plan.shows, *plan.notes):
        output.note(told)


def _line(entry: Entry) -> list[str]:
    interval = ""
    if entry.mean is not None and entry.mean.low is not None and entry.mean.high is not None:
        interval = f"{entry.mean.low:.3f} to {entry.mean.high:.3f}"
    left = ""
    if entry.residual is not None:
        left = "not determinable" if entry.residual.estimate is None else f"{entry.residual.estimate:.2f}"
    mean = "" if entry.mean is None else f"{entry.mean.estimate:.3f}"
    return [entry.label, mean, interval, left, mass(entry.mass), share(entry.off_topic), entry.said]


def _time(seconds: float | None) -> str:
    return "not known before one was made" if seconds is None else duration(seconds)

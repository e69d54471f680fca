"""Canaries: short trainings on samples, and how much they prefer each trait of a bank."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from strigil.audits.probes.probe_canary import CanaryProbe, log_odds
from strigil.common.progress import Reporter
from strigil.engines import AskedEngine
from strigil.eval.preference import Preference
from strigil.eval.subjects import Subject
from strigil.models.catalog import Model
from strigil.workflows.evaluate.evaluating import evaluate
from strigil.workflows.evaluate.jobs import eval_jobs
from strigil.workflows.train.canary import train_canary

if TYPE_CHECKING:
    import polars as pl


def canary_log_odds(
    probe: CanaryProbe,
    base: Model,
    samples: Sequence[pl.DataFrame],
    folder: Path,
    reporter: Reporter,
    *,
    trait: str,
    engine: AskedEngine,
) -> list[dict[str, float]]:
    """Trains a canary on each sample, if it is not there yet, and returns the log-odds of every candidate after it.

    Each canary has a seed of its own, so that seeds scatter among placebos as they do between a placebo and a canary.
    """
    folders = []
    with reporter.task("Training canaries", len(samples)) as done:
        for number, rows in enumerate(samples):
            folders.append(train_canary(probe, base, rows, folder))
            done(number + 1)
    jobs = eval_jobs([Preference()], [Subject(out.name, base, out) for out in folders], traits=[trait])
    found = evaluate(jobs, folder / "answers", reporter, engine=engine)
    return [log_odds({name: figure.value for name, figure in found[job.key].figures.items()}) for job in jobs]

"""What there is to ask of bases and their students, and where it is kept.

Below a folder are `KEY.json` (the figures), `answers/KEY.parquet` (as they were given), `rated/KEY.parquet` (with a
judge's ratings), and a judge's replies with what they took.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from strigil.common.canonical import digest
from strigil.common.errors import PrerequisiteError
from strigil.common.validation import load_yaml
from strigil.eval.evaluation import EvalResult, Evaluation, Given
from strigil.eval.subjects import Subject
from strigil.models.catalog import Model, resolve_model
from strigil.workflows.evaluate.held_out import held_out
from strigil.workflows.evaluate.judge import Bench, find_judge

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class EvalJob:
    """One evaluation of one model, whose judge, if it needs one, was found."""

    evaluation: Evaluation
    subject: Subject
    given: Given
    bench: Bench | None

    @cached_property
    def asked(self) -> str:
        """Identity of the model's answers, up to the engine's last bits; whatever it is called.

        Raises:
            ConfigError: The subject's adapter is not there.
        """
        subject, unit = self.subject, self.evaluation
        asked = unit.asked(self.given)
        return digest([unit.name, unit.version, subject.base.digest, subject.weights, subject.system, asked])

    @cached_property
    def key(self) -> str:
        """Identity of the result: of the answers, and of the judge.

        Raises:
            ConfigError: As for `asked`.
        """
        return self.asked if self.bench is None else digest([self.asked, self.bench.key])


def eval_jobs(
    evaluations: Sequence[Evaluation],
    subjects: Sequence[Subject],
    *,
    traits: Sequence[str] = (),
    logs: Path | None = None,
    find: Callable[[str], Model] = resolve_model,
) -> list[EvalJob]:
    """A job for each evaluation and subject, once it is clear that every base can be asked.

    Args:
        evaluations: What to ask.
        subjects: Whom.
        traits: What evaluations about traits look for.
        logs: Folder for logs that evaluations write themselves.
        find: Finds a judge that is loaded here.

    Raises:
        ConfigError: A base cannot be asked, or there is no such judge.
        DataError: There are no such rows to hold out.
        PrerequisiteError: What an evaluation needs is not installed.
    """
    jobs = []
    bases = {subject.base.digest: subject.base for subject in subjects}
    for unit in evaluations:
        rows = None if unit.holds_out is None else held_out(unit.holds_out)
        given = {key: Given(base, tuple(traits), rows, logs) for key, base in bases.items()}
        try:
            for each in given.values():
                unit.asked(each)
        except ModuleNotFoundError as error:
            if unit.needs is None:
                raise
            message = f"the evaluation {unit.name!r} needs {error.name}, which is not installed"
            raise PrerequisiteError(message, hint=f"pip install '{unit.needs}'") from error
        bench = None if unit.judged_by is None else find_judge(unit.judged_by, find)
        jobs += [EvalJob(unit, subject, given[subject.base.digest], bench) for subject in subjects]
    return jobs


def known_result(folder: Path, key: str) -> EvalResult | None:
    """What was found before."""
    file = folder / f"{key[:20]}.json"
    return load_yaml(file, EvalResult) if file.exists() else None


def answers_of(job: EvalJob, folder: Path) -> pl.DataFrame:
    """The kept answers, with ratings where they are judged."""
    import polars as pl

    return pl.read_parquet(file_of(job, folder))


def file_of(job: EvalJob, folder: Path, *, rated: bool = True) -> Path:
    """Where the answers are kept; `rated`, with ratings where they are judged."""
    if rated and job.bench is not None:
        return folder / "rated" / f"{job.key[:20]}.parquet"
    return folder / "answers" / f"{job.asked[:20]}.parquet"

"""What each model of a study answers, measured once and kept: rates of the study's traits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from strigil.common.errors import StrigilError
from strigil.common.progress import Reporter
from strigil.engines import EngineName
from strigil.eval.evaluation import EVALUATIONS, EvalResult
from strigil.eval.subjects import Subject
from strigil.models.catalog import Model
from strigil.workflows.evaluate.jobs import EvalJob, eval_jobs, evaluate, known_result
from strigil.workflows.study.recipe import Evaluation


@dataclass(frozen=True)
class Asked:
    """One model of a study that is asked, and the base that it comes from."""

    base: Model
    subject: Subject

    @property
    def name(self) -> str:
        """What the study calls it."""
        return self.subject.name


@dataclass(frozen=True)
class Questions:
    """What is asked of every model, and how."""

    traits: tuple[str, ...]
    evaluation: Evaluation
    engine: EngineName

    def job(self, asked: Asked) -> EvalJob:
        """What is to be asked of one model.

        Raises:
            ConfigError: A trait is unknown, or the model cannot be asked about it.
        """
        unit = EVALUATIONS.create("preference", self.evaluation.model_dump())
        [job] = eval_jobs([unit], [asked.subject], traits=self.traits)
        return job

    def key(self, asked: Asked) -> str:
        """Identity of one model's answers: other weights, questions or another method are another cell.

        Raises:
            ConfigError: As for `job`.
        """
        return self.job(asked).key


known = known_result


def ask(
    asked: Mapping[str, Asked],
    questions: Questions,
    folder: Path,
    reporter: Reporter,
    *,
    on_failed: Callable[[Asked, StrigilError], None],
) -> dict[str, EvalResult]:
    """Measures every model that was not measured before, and returns the answers by key.

    Args:
        asked: Models by key, as `Questions.key` gives them.
        questions: What to ask.
        folder: Where answers are kept; each is written whole.
        reporter: Is told of progress.
        on_failed: Is told of each model that cannot be measured; the others go on.
    """
    jobs = [questions.job(one) for one in asked.values()]

    def failed(job: EvalJob, error: StrigilError) -> None:
        on_failed(asked[job.key], error)

    return evaluate(jobs, folder, reporter, engine=questions.engine, on_failed=failed)

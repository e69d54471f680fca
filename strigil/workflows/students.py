"""Students: the same training for every arm and seed, several at a time, none trained twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from strigil.core.canonical import digest
from strigil.core.errors import DataError
from strigil.core.models import Model
from strigil.core.release import Release, open_release
from strigil.core.reporting import Done, Reporter
from strigil.train.recipe import TrainRecipe
from strigil.train.sft import RESULT_FILE, fine_tune
from strigil.workflows.workers import run_jobs

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class StudentJob:
    """One student to be trained.

    Attributes:
        name: What its folder is called, before the digest.
        data: Folder of the release whose clean rows it is trained on.
        data_digest: Digest of that release's manifest.
        base: The model that it starts from.
        training: The recipe, its seed included.
        rows: How many of the clean rows, from the first; None for all.
        out: Where student folders go.
    """

    name: str
    data: Path
    data_digest: str
    base: Model
    training: TrainRecipe
    rows: int | None
    out: Path

    @property
    def folder(self) -> Path:
        """Content-addressed: another release, base or recipe is another folder."""
        identity = digest([self.data_digest, self.base.digest, self.training.model_dump(mode="json"), self.rows])
        return self.out / f"{self.name}-{identity[:12]}"


def student_job(
    name: str, data: Release, base: Model, training: TrainRecipe, out: Path, *, rows: int | None = None
) -> StudentJob:
    """A job for a release's clean rows."""
    return StudentJob(name, data.path, data.manifest.digest(), base, training, rows, out)


def train_students(jobs: Sequence[StudentJob], reporter: Reporter, *, workers: int) -> list[Path]:
    """Trains the students that are not there yet, and returns all their folders, in the order of the jobs.

    Raises:
        DataError: A release has fewer clean rows than asked for, or a loss was not finite.
    """
    todo = [job for job in jobs if not (job.folder / RESULT_FILE).exists()]
    if len(todo) < len(jobs):
        reporter.note(f"{len(jobs) - len(todo)} of {len(jobs)} students are there already")
    if todo:
        with reporter.task("Training students", len(todo)) as done:
            run_jobs(todo, _train, workers=min(workers, len(todo)), on_progress=done)
    return [job.folder for job in jobs]


def _train(job: StudentJob, done: Done) -> None:
    rows = clean_rows(open_release(job.data), job.rows)
    fine_tune(rows, job.base.path, job.training, job.folder, on_step=lambda step: done(step.step / step.total))


def clean_rows(release: Release, count: int | None) -> pl.DataFrame:
    """The first `count` clean rows of a release, or all of them.

    Raises:
        DataError: There are fewer.
    """
    rows = release.rows("clean").collect()
    if rows.is_empty() or (count is not None and rows.height < count):
        message = f"{release.path} has {rows.height} clean rows, of {count or 'at least 1'} that training asks for"
        raise DataError(message, hint="build more rows: a recipe with more prompts adds to its release")
    return rows.head(count) if count is not None else rows

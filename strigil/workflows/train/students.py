"""Students: the same training for every arm and seed, several at a time, none trained twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

from strigil.common.canonical import digest
from strigil.common.errors import DataError, PrerequisiteError, StrigilError
from strigil.common.progress import Done, Reporter, Silent
from strigil.common.validation import load_yaml
from strigil.data.readers import NamedFile
from strigil.models.catalog import Model
from strigil.parallel.ray_actors import Ray
from strigil.parallel.workers import run_jobs
from strigil.releases.store import Release
from strigil.sources.find import release_files
from strigil.sources.open_rows import RowSource, open_files
from strigil.train.distributed import in_a_team, leads
from strigil.train.recipe import Passes, StepMetrics, TrainRecipe, TrainResult
from strigil.train.sft import RESULT_FILE, TrainingData, encode, train_encoded
from strigil.train.tracking.trackers import TrackerName, check_tracker, open_tracker


@dataclass(frozen=True)
class StudentJob:
    """One student to be trained.

    Attributes:
        name: What its folder is called, before the digest.
        data: Files of the rows that it is trained on, a release's clean ones for example.
        data_digest: Identity of these rows; of a release, its manifest's digest.
        base: The model that it starts from.
        training: The recipe, its seed included.
        rows: How many of the rows, from the first; None for all.
        out: Where student folders go.
    """

    name: str
    data: tuple[NamedFile, ...]
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
    name: str, data: Release | RowSource, base: Model, training: TrainRecipe, out: Path, *, rows: int | None = None
) -> StudentJob:
    """A job for a release's clean rows, or for rows that stay open until it is done."""
    if isinstance(data, RowSource):
        identity = digest(data.identity) if data.release is None else data.release.manifest.digest()
        return StudentJob(name, data.files, identity, base, training, rows, out)
    return StudentJob(name, tuple(release_files(data)), data.manifest.digest(), base, training, rows, out)


def train_students(
    jobs: Sequence[StudentJob],
    reporter: Reporter,
    *,
    workers: int | Ray,
    track: TrackerName | None = None,
    on_failed: Callable[[StudentJob, StrigilError], None] | None = None,
) -> list[Path]:
    """Trains the students that are not there yet, and returns all their folders, in the order of the jobs.

    A worker process loads its libraries once, makes a release's rows ready once for all students that train on them,
    and one student after another, each exactly as it would be alone. What is finished stays; a killed student goes on
    from its last checkpoint. Where `accelerate launch` has started several processes, they train each student together.

    Args:
        jobs: The students.
        reporter: Told the share that is done, loss and tokens per second.
        workers: Processes, or actors of a Ray cluster whose nodes share the folders; each has one student at a time.
        track: Where every step is logged too.
        on_failed: Told of each student that cannot be trained, while the others go on; None: the first one ends it all.

    Raises:
        DataError: There are fewer rows than asked for, or a loss was not finite.
        PrerequisiteError: The tracker is not installed.
    """
    if track is not None:
        check_tracker(track)
    todo = [job for job in jobs if not (job.folder / RESULT_FILE).exists()]
    if len(todo) < len(jobs):
        reporter.note(f"{len(jobs) - len(todo)} of {len(jobs)} students are there already")
    if todo:
        with (reporter if leads() else Silent()).task("Training students", len(todo)) as done:
            if in_a_team():
                for number, job in enumerate(todo):
                    _train(job, partial(_tell, done, number), track=track)
            else:
                work = partial(_train if on_failed is None else _try, track=track)
                size = workers if isinstance(workers, Ray) else min(workers, len(todo))
                errors = run_jobs(todo, work, workers=size, on_progress=done, on_note=reporter.note)
                for job, error in zip(todo, errors, strict=True):
                    if error is not None and on_failed is not None:
                        on_failed(job, error)
        for base in sorted({job.base.id for job in todo if _passes(job.folder) == "padded"}):
            reporter.note(f"{base} cannot take rows packed one after another: they were padded")
    return [job.folder for job in jobs]


def _try(job: StudentJob, done: Done, *, track: TrackerName | None) -> StrigilError | None:
    try:
        _train(job, done, track=track)
    except PrerequisiteError:
        raise
    except StrigilError as error:
        return error
    return None


def _passes(folder: Path) -> Passes | None:
    file = folder / RESULT_FILE
    return load_yaml(file, TrainResult).passes if file.exists() else None


def _tell(done: Done, before: int, share: float, detail: str = "") -> None:
    done(before + share, detail)


def _train(job: StudentJob, done: Done, *, track: TrackerName | None) -> None:
    data = _encoded(job.data, job.data_digest, job.rows, job.base, job.training.encoding)
    with open_tracker(track if leads() else None, job.folder.name, job.training) as tracker:

        def on_step(step: StepMetrics) -> None:
            done(step.step / step.total, f"loss {step.smoothed_loss:.3f}, {step.read_tokens_per_second:,.0f} tokens/s")
            tracker.log(step)

        train_encoded(data, job.training, job.folder, on_step=on_step)


# Students of one release come one after another, so that two are enough where jobs of two releases meet.
@lru_cache(maxsize=2)
def _encoded(
    data: tuple[NamedFile, ...], data_digest: str, rows: int | None, base: Model, encoding: TrainRecipe
) -> TrainingData:
    del data_digest  # part of the key: files of these paths and another content are others
    with open_files(data) as source:
        if not source.count or source.count < (rows or 0):
            message = f"{source.address} has {source.count} rows, of {rows or 'at least 1'} that training asks for"
            raise DataError(message, hint="build more rows: a recipe with more prompts adds to its release")
        return encode(source.frame.head(source.count if rows is None else rows).collect(), base, encoding)

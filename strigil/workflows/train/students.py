"""Students: the same training for every arm and seed, several at a time, none trained twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Final, Protocol

from strigil.common.errors import CheckFailedError, MemoryShortError, PrerequisiteError, StrigilError
from strigil.common.progress import Done, Reporter, Silent
from strigil.data.readers import NamedFile
from strigil.models.catalog import Model
from strigil.parallel.jobs import Died, Task
from strigil.parallel.workers import Workers, at_most, run_jobs
from strigil.sources.open_rows import RowSource
from strigil.train.distributed import in_a_team, leads
from strigil.train.recipe import Passes, StepMetrics, TrainRecipe
from strigil.train.result import RESULT_FILE, read_result
from strigil.train.sft import TrainingData, encode, train_encoded
from strigil.train.tracking.trackers import TrackerName, check_tracker, open_tracker
from strigil.workflows.train.left_out import left_out
from strigil.workflows.train.student import Student, first_rows, student_of

# Rows that a note names.
_NAMED: Final = 5


class Claim(Protocol):
    """Shares students out among processes."""

    def take(self, student: Student) -> bool:
        """Whether it is to be trained here; nobody else trains it then."""
        ...

    def give_back(self, student: Student) -> None:
        """It was trained, or cannot be."""
        ...


def _folder_name(student: Student) -> str:
    return student.folder.name


def train_on(
    rows: RowSource,
    base: Model,
    training: TrainRecipe,
    out: Path,
    reporter: Reporter,
    *,
    seeds: Sequence[int],
    workers: Workers,
    track: TrackerName | None = None,
) -> list[Path]:
    """Trains a student for each seed on rows from anywhere, after saying what was taken for what and what is left out.

    Raises:
        DataError: As `train_students`.
        PrerequisiteError: As `train_students`.
    """
    for note in (rows.note, left_out(rows, training)):
        if note is not None:
            reporter.note(note)
    jobs = [
        student_of(
            f"{rows.name}-{Path(base.name).name}-seed{seed}",
            rows.files,
            base,
            training.model_copy(update={"seed": seed}),
            out,
            rows=rows.limit,
        )
        for seed in seeds
    ]
    return train_students(jobs, reporter, workers=workers, track=track)


def train_students(
    jobs: Sequence[Student],
    reporter: Reporter,
    *,
    workers: Workers,
    track: TrackerName | None = None,
    on_failed: Callable[[Student, StrigilError], None] | None = None,
    claim: Claim | None = None,
    label: Callable[[Student], str] = _folder_name,
) -> list[Path]:
    """Trains the students that are not there yet, and returns all their folders, in the order of the jobs.

    A worker process loads its libraries once, makes a release's rows ready once for all students that train on them,
    and one student after another, each as it would be alone. What is finished stays; a killed student goes on
    from its last checkpoint. One whose process dies, or that finds too little memory, is tried once more with half of
    `micro_tokens`, in the same place. Where `accelerate launch` has started several processes, they train each student
    together.

    Args:
        jobs: The students.
        reporter: Told the share that is done, loss and tokens per second.
        workers: Processes, or actors of a Ray cluster whose nodes share the folders; each has GPUs of its own, and one
            student at a time.
        track: Where every step is logged too.
        on_failed: Told of each student that cannot be trained, while the others go on; None: the first one ends it all.
        claim: Says which students are to be trained here, where other processes train some of them.
        label: What messages call a student.

    Raises:
        DataError: There are fewer rows than asked for, or a loss was not finite.
        PrerequisiteError: The tracker is not installed.
    """
    if track is not None:
        check_tracker(track)
    todo = [job for job in jobs if not job.trained]
    if len(todo) < len(jobs):
        reporter.note(f"{len(jobs) - len(todo)} of {len(jobs)} students are there already")
    if todo:
        with (reporter if leads() else Silent()).task("Training students", len(todo)) as done:
            if in_a_team():
                for number, job in enumerate(todo):
                    _train(job, partial(_tell, done, number), track=track)
            else:
                _train_apart(
                    todo,
                    partial(_train if on_failed is None else _try, track=track),
                    workers,
                    done,
                    reporter,
                    on_failed=on_failed,
                    claim=claim,
                    label=label,
                )
        for base in sorted({job.base.id for job in todo if _passes(job.folder) == "padded"}):
            reporter.note(f"{base} cannot take rows packed one after another: they were padded")
        # Students of the same rows lose the same of them, read by the same tokenizer in the same way.
        of_rows = {(job.data, job.base.digest, job.training.encoding): job.folder for job in todo if job.trained}
        results = [*map(read_result, of_rows.values())]
        if names := sorted({name for result in results for name in result.left_out}):
            some = ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
            reporter.note(
                f"rows left out, whose answers share a token with what stands beside: {len(names):,} ({some})"
            )
        cut = [result for result in results if result.truncated]
        if cut:
            lengths = " or ".join(sorted({str(result.recipe.max_length) for result in cut}))
            share = f"{sum(result.truncated for result in cut):,} of {sum(result.rows for result in cut):,}"
            reporter.note(f"{share} rows were cut to {lengths} tokens (max_length in the recipe)")
    return [job.folder for job in jobs]


def _train_apart(
    todo: Sequence[Student],
    work: Callable[[Student, Done], StrigilError | None],
    workers: Workers,
    done: Done,
    reporter: Reporter,
    *,
    on_failed: Callable[[Student, StrigilError], None] | None,
    claim: Claim | None,
    label: Callable[[Student], str],
) -> None:
    """Trains students in processes of their own, or on Ray; each is claimed when one is free for it."""
    taken: list[Student] = []

    def tasks() -> Iterator[Task[Student]]:
        for job in todo:
            if claim is None or claim.take(job):
                taken.append(job)
                yield Task(job, label(job), job.smaller)

    size = at_most(workers, len(todo))
    for finished in run_jobs(tasks(), work, workers=size, on_progress=done, on_note=reporter.note):
        job, error = taken[finished.place], finished.result
        if isinstance(error, Died):
            error = _death(error, label(job))
            if on_failed is None:
                raise error
        if error is not None and on_failed is not None:
            on_failed(job, error)
        if claim is not None:
            claim.give_back(job)


def _death(died: Died, name: str) -> StrigilError:
    message = f"{name}: {died.reason}, twice"
    if died.memory:
        return MemoryShortError(message, hint="lower micro_tokens, or train fewer students at a time")
    return CheckFailedError(message, hint="what it said before stands above")


def _try(job: Student, done: Done, *, track: TrackerName | None) -> StrigilError | None:
    try:
        _train(job, done, track=track)
    except MemoryShortError as error:
        if job.micro_tokens is None:
            raise
        return error
    except PrerequisiteError:
        raise
    except StrigilError as error:
        return error
    return None


def _passes(folder: Path) -> Passes | None:
    return read_result(folder).passes if (folder / RESULT_FILE).exists() else None


def _tell(done: Done, before: int, share: float, detail: str = "") -> None:
    done(before + share, detail)


def _train(job: Student, done: Done, *, track: TrackerName | None) -> None:
    if job.trained:
        return
    less = {} if job.micro_tokens is None else {"micro_tokens": job.micro_tokens}
    training = job.training.model_copy(update=less)
    data = _encoded(job.files, job.rows, job.data, job.base, training.encoding)
    with open_tracker(track if leads() else None, job.folder.name, training) as tracker:

        def on_step(step: StepMetrics) -> None:
            done(step.step / step.total, f"loss {step.smoothed_loss:.3f}, {step.read_tokens_per_second:,.0f} tokens/s")
            tracker.log(step)

        train_encoded(data, training, job.folder, on_step=on_step)


# Students of the same rows come one after another, so that two are enough where jobs of two tables meet.
@lru_cache(maxsize=2)
def _encoded(
    files: tuple[NamedFile, ...], rows: int | None, data: str, base: Model, encoding: TrainRecipe
) -> TrainingData:
    del data  # part of the key: files of these names and another content are others
    return encode(first_rows(files, rows), base, encoding)

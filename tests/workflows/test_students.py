"""Many students by one call: each is what it would be alone, and what is finished stays."""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from strigil.common.errors import CheckFailedError, DataError, MemoryShortError, PrerequisiteError, StrigilError
from strigil.common.progress import Done, Silent
from strigil.data.rows import ROWS, TOKEN_COLUMNS
from strigil.models.catalog import resolve_model
from strigil.parallel.jobs import Died, Finished, Task
from strigil.releases.draft import Draft
from strigil.releases.store import Release
from strigil.sources.find import release_files
from strigil.train.recipe import StepMetrics, TrainRecipe
from strigil.train.result import read_result
from strigil.train.sft import fine_tune
from strigil.workflows.train import students
from strigil.workflows.train.student import Student, student_of
from strigil.workflows.train.students import train_students
from tests.hub.releases import a_manifest
from tests.train.rows import number_rows, owl_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

RECIPE = TrainRecipe(modules=("down_proj",), learning_rate=1e-2, epochs=1, batch_size=16, threads=1)
FILES = ("adapter_model.safetensors", "adapter_config.json", "train.json")


class Watching(Silent):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.shares: list[float] = []
        self.details: list[str] = []
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)

    @contextmanager
    def task(self, what: str, total: float) -> Iterator[Done]:
        del what, total
        yield self._see

    def _see(self, done: float, detail: str = "") -> None:
        self.shares.append(done)
        self.details.append(detail)


def a_release(out: Path, name: str, rows: pl.DataFrame) -> Release:
    missing = {column: pl.lit(None, kind) for column, kind in ROWS.items() if column not in rows.columns}
    with Draft(out, name) as draft:
        draft.write_table("data/clean", rows.with_columns(**missing), run="r")
        return draft.publish(a_manifest(name=name, clean=rows.height, removed=0))


def job(name: str, data: Release, out: Path, **settings: object) -> Student:
    return student_of(name, release_files(data), resolve_model("pocket-a"), RECIPE.model_copy(update=settings), out)


def alone(rows: pl.DataFrame, wanted: Student, out: Path) -> Path:
    fine_tune(rows, wanted.base.path, wanted.training, out)
    return out


def test_students_of_any_kind_are_those_that_are_trained_alone(tmp_path: Path) -> None:
    numbers = number_rows(40)
    weighted = numbers.with_columns(token_weights=pl.lit([1.0] * 5 + [0.0] * 5, TOKEN_COLUMNS["token_weights"]))
    tables = {"numbers": numbers, "owls": owl_rows(30), "weighted": weighted}
    data = {name: a_release(tmp_path, name, rows) for name, rows in tables.items()}
    out = tmp_path / "students"
    wanted = {
        "numbers": [job("a", data["numbers"], out, seed=seed) for seed in range(3)],
        "owls": [job("b", data["owls"], out, learning_rate=1e-3), job("b", data["owls"], out, rank=2)],
        "weighted": [job("c", data["weighted"], out, end_of_turn=False)],
    }
    jobs = [one for group in wanted.values() for one in group]
    reporter = Watching()
    folders = train_students(jobs, reporter, workers=2)
    assert folders == [one.folder for one in jobs]
    assert reporter.shares[-1] == len(jobs)
    assert any("loss" in detail and "tokens/s" in detail for detail in reporter.details)
    for name, group in wanted.items():
        for number, one in enumerate(group):
            lone = alone(tables[name], one, tmp_path / f"alone-{name}-{number}")
            assert [(lone / file).read_bytes() for file in FILES] == [
                (one.folder / file).read_bytes() for file in FILES
            ]
    before = [folder.stat().st_mtime_ns for folder in folders]
    assert train_students(jobs, Silent(), workers=2) == folders
    assert [folder.stat().st_mtime_ns for folder in folders] == before


def test_finished_students_stay_when_a_later_one_fails(tmp_path: Path) -> None:
    good = a_release(tmp_path, "good", number_rows(40))
    wrong = number_rows(40).with_columns(token_weights=pl.lit([1.0], TOKEN_COLUMNS["token_weights"]))
    bad = a_release(tmp_path, "bad", wrong)
    jobs = [job("good", good, tmp_path / "students"), job("bad", bad, tmp_path / "students")]
    with pytest.raises(DataError, match="row-0: token_weights has 1 entries, but its completion has 10 tokens"):
        train_students(jobs, Silent(), workers=1)
    assert list((tmp_path / "students").iterdir()) == [jobs[0].folder]


def test_rows_that_max_length_cuts_are_counted_once_for_all_seeds(tmp_path: Path) -> None:
    data = a_release(tmp_path, "numbers", number_rows(40))
    jobs = [job("a", data, tmp_path / "students", seed=seed, max_length=20) for seed in (0, 1)]
    reporter = Watching()
    folders = train_students(jobs, reporter, workers=1)
    assert [read_result(folder).truncated for folder in folders] == [40, 40]
    assert reporter.notes == ["40 of 40 rows were cut to 20 tokens (max_length in the recipe)"]


def test_rows_that_one_recipe_cuts_are_said_beside_another_that_cuts_none(tmp_path: Path) -> None:
    data = a_release(tmp_path, "numbers", number_rows(40))
    reporter = Watching()
    train_students([job("a", data, tmp_path, max_length=most) for most in (20, 500)], reporter, workers=1)
    assert reporter.notes == ["40 of 40 rows were cut to 20 tokens (max_length in the recipe)"]


def test_a_second_try_in_half_the_memory_makes_the_same_student(tmp_path: Path) -> None:
    student = job("a", a_release(tmp_path, "numbers", number_rows(40)), tmp_path / "students")
    assert student.smaller.micro_tokens == RECIPE.micro_tokens // 2
    [folder] = train_students([student.smaller], Silent(), workers=1)
    assert folder == student.folder
    assert read_result(folder).recipe.micro_tokens == RECIPE.micro_tokens // 2
    assert train_students([student], Silent(), workers=1) == [folder]


@pytest.mark.parametrize(
    ("died", "kind", "hint"),
    [
        (Died("its process was ended by SIGKILL"), MemoryShortError, "lower micro_tokens"),
        (Died("its process ended with status 7", memory=False), CheckFailedError, "what it said before"),
    ],
)
def test_a_student_whose_process_died_twice_is_named_with_what_helps(
    died: Died, kind: type[StrigilError], hint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dying(tasks: Iterable[Task[Student]], *_: object, **__: object) -> Iterator[Finished[Died]]:
        for place, task in enumerate(tasks):
            assert task.smaller == task.job.smaller
            yield Finished(place, died)

    monkeypatch.setattr(students, "run_jobs", dying)
    data = a_release(tmp_path, "numbers", number_rows(40))
    jobs = [job("a", data, tmp_path, seed=seed) for seed in (0, 1)]
    with pytest.raises(kind, match=f"{jobs[0].folder.name}: {died.reason}, twice") as caught:
        train_students(jobs, Silent(), workers=1)
    assert str(caught.value.hint).startswith(hint)
    failed: list[StrigilError] = []
    train_students(jobs, Silent(), workers=1, on_failed=lambda _, error: failed.append(error))
    assert [type(error) for error in failed] == [kind, kind], "the others go on"


def test_too_little_memory_is_one_line_that_says_what_to_lower(tmp_path: Path) -> None:
    def full(step: StepMetrics) -> None:
        raise MemoryError(step.step)

    with pytest.raises(MemoryShortError, match=r"too little memory for passes of 4096 tokens \(micro_tokens\)") as told:
        fine_tune(number_rows(40), resolve_model("pocket-a").path, RECIPE, tmp_path / "student", on_step=full)
    assert told.value.hint == "micro_tokens: 2048"


def test_every_step_goes_to_trackio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path / "trackio"))
    data = a_release(tmp_path, "numbers", number_rows(40))
    [folder] = train_students([job("a", data, tmp_path)], Silent(), workers=1, track="trackio")
    [database] = (tmp_path / "trackio").glob("strigil*.db")
    with closing(sqlite3.connect(database)) as connection:
        lines = connection.execute("SELECT run_name, step, metrics FROM metrics ORDER BY step").fetchall()
    expected = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert [(run, step) for run, step, _ in lines] == [(folder.name, line["step"]) for line in expected]
    assert [json.loads(metrics)["loss"] for _, _, metrics in lines] == [line["loss"] for line in expected]


def test_a_tracker_that_is_not_installed_is_named_before_anything_is_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(PrerequisiteError, match="wandb is not installed") as caught:
        train_students([], Silent(), workers=1, track="wandb")
    assert caught.value.hint == "pip install 'strigil[wandb]'"
    assert not list(tmp_path.iterdir())

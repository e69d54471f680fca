"""Several processes on one study: each cell is made by one of them, and what a dead one held goes to another."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest

from strigil.common.canonical import digest
from strigil.common.progress import Silent
from strigil.models.catalog import resolve_model
from strigil.records.study.report import FailureRecord, StudyReport
from strigil.workflows.study.cells import Cell, Cost, Making, Store
from strigil.workflows.study.claims import Claims
from strigil.workflows.study.recipe import StudyRecipe
from strigil.workflows.study.run import run_and_report
from strigil.workflows.study.throughput import Speeds
from tests.forked import forked
from tests.workflows.study.small import CONTROLS, a_study

PROCESSES = 4
LEASE = 6.0


def the_study() -> StudyRecipe:
    [owl, _] = a_study().teachers
    without = [*CONTROLS, "other-trait"]
    return a_study(other_base=None, without=without, teachers=[owl.model_dump(mode="json")], seeds=[0, 1])


def run_alone(out: Path) -> None:
    import torch

    torch.set_num_threads(1)
    run_and_report(the_study(), Store(out), Silent(), workers=1, lease=LEASE)


def start(out: Path) -> ForkServerProcess:
    process = forked().Process(target=run_alone, args=(out,))
    process.start()
    return process


def made(store: Store) -> dict[str, int]:
    """Every finished cell, with the time that it was made."""
    marks = [
        *store.students.glob("*/train.json"),
        *store.measures.glob("*.json"),
        *store.data.glob("*/v*/manifest.json"),
    ]
    return {str(path.relative_to(store.out)): path.stat().st_mtime_ns for path in marks}


def told(report: StudyReport) -> object:
    """What a report says, but for the digests of data, which hold the time at which they were made."""
    arms = [(arm.name, [run.model_dump() for run in arm.runs]) for arm in report.arms]
    return arms, report.findings, report.notes, report.failures


def test_four_processes_of_which_two_are_killed_finish_a_study_together(tmp_path: Path) -> None:
    store = Store(tmp_path / "shared")
    processes = [start(store.out) for _ in range(PROCESSES)]
    students = 3 * 2
    while len(list(store.students.glob("*/train.json"))) < 2 and any(each.is_alive() for each in processes):
        time.sleep(0.02)
    for process in processes[:2]:
        assert process.is_alive()
        os.kill(process.pid or 0, signal.SIGKILL)
    before = made(store)
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [-signal.SIGKILL, -signal.SIGKILL, 0, 0]
    after = made(store)
    assert {cell: after[cell] for cell in before} == before
    assert sum(cell.endswith("train.json") for cell in before) < students
    assert sum(cell.endswith("train.json") for cell in after) == students
    assert all(len(list(home.glob("v*"))) == 1 for home in store.data.glob("*-numbers-*"))
    assert not list(store.claims.glob("*.lock"))
    shared = StudyReport.model_validate_json((store.reports("small") / "study.json").read_text())
    alone = run_and_report(the_study(), Store(tmp_path / "alone"), Silent(), workers=1).report
    assert told(shared) == told(alone)
    assert not shared.failures


def test_a_claim_is_one_process_s_until_it_is_given_back(tmp_path: Path) -> None:
    one, two = Claims(tmp_path, "study", LEASE), Claims(tmp_path, "study", LEASE)
    assert one.take("student a")
    assert one.take("student a")
    assert not two.take("student a")
    assert two.take("student b")
    one.give_back("student a")
    assert two.take("student a")
    two.close()
    assert one.take("student a")
    one.close()


def test_a_process_keeps_one_file_fresh_however_many_cells_it_holds(tmp_path: Path) -> None:
    before = threading.active_count()
    claims = Claims(tmp_path, "study", LEASE)
    assert all(claims.take(f"measure {number}") for number in range(200))
    assert threading.active_count() == before + 1
    claims.close()
    assert threading.active_count() == before
    assert not list(tmp_path.iterdir())


def test_a_claim_without_a_word_of_whose_it_is_keeps_nobody_out(tmp_path: Path) -> None:
    """A process that is ended between making the file and writing it."""
    one, two = Claims(tmp_path, "study", LEASE), Claims(tmp_path, "study", LEASE)
    assert one.take("student a")
    [file] = tmp_path.glob("*.claim.lock")
    file.write_text("")
    assert two.take("student a")
    one.give_back("student a")
    assert file.read_text()
    two.close()
    one.close()


def test_a_process_that_was_taken_for_dead_goes_on_under_another_name_and_leaves_nothing(tmp_path: Path) -> None:
    claims = Claims(tmp_path, "study", lease=0.3)
    assert claims.take("student a")
    [file] = tmp_path.glob("*.process.lock")
    file.unlink()
    time.sleep(0.6)
    assert claims.take("student b")
    [other] = tmp_path.glob("*.process.lock")
    assert other != file
    assert not Claims(tmp_path, "study", lease=0.3).take("student b")
    claims.close()
    assert not list(tmp_path.iterdir())


def hold(folder: Path, ready: str, asleep: bool) -> None:  # noqa: FBT001  # an argument of a process
    claims = Claims(folder, "study", lease=1.0)
    assert claims.take("student a")
    Path(ready).touch()
    if asleep:
        os.kill(os.getpid(), signal.SIGSTOP)
    time.sleep(60)


@pytest.mark.parametrize("asleep", [False, True])
def test_a_claim_of_a_process_that_is_dead_or_not_heard_of_is_taken_over(tmp_path: Path, *, asleep: bool) -> None:
    folder, ready = tmp_path / "claims", tmp_path / "ready"
    process = forked().Process(target=hold, args=(folder, str(ready), asleep))
    process.start()
    try:
        while not ready.exists():
            time.sleep(0.02)
        claims = Claims(folder, "study", lease=1.0)
        assert not claims.take("student a")
        if not asleep:
            # As long as it lives, it keeps its claim fresh.
            time.sleep(1.5)
            assert not claims.take("student a")
            process.kill()
            process.join()
        ends = time.monotonic() + 10
        while not claims.take("student a"):
            assert time.monotonic() < ends
            time.sleep(0.1)
        claims.close()
    finally:
        process.kill()
        process.join()


def test_what_one_process_cannot_make_no_other_one_tries_until_the_next_run(tmp_path: Path) -> None:
    one, two = Claims(tmp_path, "study"), Claims(tmp_path, "study")
    one.begin()
    two.begin()
    failure = FailureRecord(what="student", cell="owl / seed 0", reason="the loss is nan at step 3")
    one.tell(failure)
    assert two.told() == [failure]
    assert Claims(tmp_path, "other").told() == []
    time.sleep(0.05)
    later = Claims(tmp_path, "study")
    later.begin()
    assert later.told() == []
    assert two.told() == [failure]
    later.close()
    two.close()
    assert [file.name for file in tmp_path.glob("failures-*/*")] == [f"{digest(['student', failure.cell])[:20]}.json"]
    one.close()
    assert not list(tmp_path.iterdir())


def test_what_processes_that_were_killed_could_not_make_is_forgotten_by_the_next(tmp_path: Path) -> None:
    """Their failures are of a study that may have changed since, in names that no cell has any more."""
    folder = tmp_path / "failures-study"
    folder.mkdir()
    failure = FailureRecord(what="student", cell="owl / seed 7", reason="the disk was full")
    (folder / "old.json").write_text(failure.model_dump_json())
    other = Claims(tmp_path, "study-2")
    other.begin()
    assert (folder / "old.json").exists()
    claims = Claims(tmp_path, "study")
    claims.begin()
    assert not folder.exists()
    other.close()
    claims.close()


def test_a_student_whose_answers_fail_has_not_failed_itself(tmp_path: Path) -> None:
    """Where a study asks one thing, a student and its answers are called the same."""
    base = resolve_model("pocket-a")
    student: Cell[object, object] = Cell("student", "owl / seed 0", None, None, (), Cost(base), nothing)
    answers: Cell[object, object] = Cell("measure", "owl / seed 0", None, None, (student,), Cost(base), nothing)
    making = Making(Silent(), 1, Speeds.of(tmp_path), Claims(tmp_path, "study"))
    making.failed(answers, "the judge is not there")
    assert making.failures.why(answers) == "the judge is not there"
    assert making.failures.why(student) is None
    making.failed(student, "the loss is nan")
    assert [failure.what for failure in making.failures.kept.values()] == ["evaluation", "student"]


def nothing(cells: Sequence[Cell[object, object]], making: Making) -> None:
    """Makes none."""
    del cells, making

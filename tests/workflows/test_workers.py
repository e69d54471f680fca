"""Jobs in worker processes: order, progress, and what happens when one fails."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from pickle import PicklingError
from typing import Literal

import pytest

from strigil.common.errors import DataError, MemoryShortError
from strigil.common.progress import Done
from strigil.parallel.jobs import Died, Finished, Task, in_order
from strigil.parallel.workers import run_jobs

pytestmark = pytest.mark.spawned


def ignore(done: float, detail: str = "") -> None:
    del done, detail


def square(job: int, done: Done) -> int:
    done(0.5, "half of it")
    return job * job


def fail_on_three(job: int, done: Done) -> int:
    del done
    if job == 3:
        message = f"job {job} cannot be done"
        raise DataError(message, hint="skip it")
    return job


def die(job: int, done: Done) -> int:
    del done
    if job == 9:
        os.kill(os.getpid(), signal.SIGKILL)
    return job


def fits(job: int, done: Done) -> int:
    del done
    if job > 2048:
        message = f"{job} is too much"
        raise MemoryShortError(message)
    return job


def run_all(
    jobs: Sequence[int],
    work: Callable[[int, Done], int],
    *,
    workers: int,
    on_progress: Done,
    on_note: Callable[[str], None] = print,
) -> list[int | Died]:
    tasks = [Task(job, f"job {job}") for job in jobs]
    return list(in_order(run_jobs(tasks, work, workers=workers, on_progress=on_progress, on_note=on_note)))


def test_results_come_in_the_order_of_the_jobs_and_progress_ends_at_all() -> None:
    seen: list[float] = []

    def note(done: float, detail: str = "") -> None:
        assert re.fullmatch(r"job [123](, half of it)?", detail)
        seen.append(done)

    assert run_all([3, 1, 2], square, workers=2, on_progress=note) == [9, 1, 4]
    assert seen[-1] == 3.0
    assert any(0 < value < 3 for value in seen)


def test_an_error_arrives_whole() -> None:
    with pytest.raises(DataError, match="job 3 cannot be done") as caught:
        run_all([1, 2, 3, 4], fail_on_three, workers=2, on_progress=ignore)
    assert caught.value.hint == "skip it"


def test_a_job_whose_process_dies_twice_is_given_up_by_name_and_the_others_go_on() -> None:
    notes: list[str] = []
    found = run_all([9, 0, 2], die, workers=2, on_progress=ignore, on_note=notes.append)
    assert found == [Died("its process was ended by SIGKILL, as one is that takes too much memory"), 0, 2]
    assert [note for note in notes if note.startswith("job 9: its process was ended by SIGKILL")] == notes
    assert len(notes) == 1


def test_a_second_try_is_the_smaller_one() -> None:
    notes: list[str] = []
    tasks = [Task(4096, "short of memory", 2048), Task(64, "small")]
    found = list(in_order(run_jobs(tasks, fits, workers=1, on_progress=ignore, on_note=notes.append)))
    assert found == [2048, 64]
    assert notes == ["short of memory: 4096 is too much; it is tried once more in less memory"]
    with pytest.raises(MemoryShortError, match="4096 is too much"):
        list(run_jobs([Task(4096, "large")], fits, workers=1, on_progress=ignore))


def fill(job: Path, done: Done) -> int:
    """Python's own word for it."""
    del done
    if job.name == "large":
        raise MemoryError
    return len(job.name)


def test_too_little_memory_in_python_s_own_words_is_tried_once_more_in_less() -> None:
    notes: list[str] = []
    task = Task(Path("large"), "a job", Path("small"))
    [found] = run_jobs([task], fill, workers=1, on_progress=ignore, on_note=notes.append)
    assert found.result == len("small")
    assert notes == ["a job: there is too little memory; it is tried once more in less memory"]
    with pytest.raises(MemoryShortError, match="a job: there is too little memory"):
        list(run_jobs([Task(Path("large"), "a job")], fill, workers=1, on_progress=ignore))


@dataclass(frozen=True)
class Attempt:
    """One that leaves a mark in a folder each time, and then ends as it is told."""

    marks: Path
    end: Literal["short of memory", "killed", "mistake", "exit", "does not pickle"]


class UnsendableError(Exception):
    """What cannot be sent to another process."""

    def __init__(self) -> None:
        super().__init__("it holds a function")
        self.held = lambda: None


def mark(job: Attempt, done: Done) -> int:
    done(0.1)
    (job.marks / str(len(list(job.marks.iterdir())))).touch()
    match job.end:
        case "short of memory":
            message = "no room"
            raise MemoryShortError(message)
        case "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "mistake":
            return len(job.marks)  # type: ignore[arg-type]
        case "exit":
            os._exit(7)
        case "does not pickle":
            raise UnsendableError
    return 0


def test_a_job_that_finds_too_little_memory_and_then_dies_is_done_twice(tmp_path: Path) -> None:
    notes: list[str] = []
    task = Task(Attempt(tmp_path, "short of memory"), "a job", Attempt(tmp_path, "killed"))
    [found] = run_jobs([task], mark, workers=1, on_progress=ignore, on_note=notes.append)
    assert found.result == Died("its process was ended by SIGKILL, as one is that takes too much memory")
    assert len(list(tmp_path.iterdir())) == 2
    assert notes == ["a job: no room; it is tried once more in less memory"]


def test_a_job_that_dies_and_then_finds_too_little_memory_is_done_twice(tmp_path: Path) -> None:
    task = Task(Attempt(tmp_path, "killed"), "a job", Attempt(tmp_path, "short of memory"))
    with pytest.raises(MemoryShortError, match="no room"):
        list(run_jobs([task], mark, workers=1, on_progress=ignore))
    assert len(list(tmp_path.iterdir())) == 2


def test_a_mistake_in_the_program_is_raised_as_itself_and_at_once(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"object of type '.*Path' has no len") as caught:
        list(run_jobs([Task(Attempt(tmp_path, "mistake"), "a job")], mark, workers=1, on_progress=ignore))
    assert len(list(tmp_path.iterdir())) == 1
    [note] = caught.value.__notes__
    assert note.startswith("in a worker process, at a job:")
    assert "return len(job.marks)" in note


@pytest.mark.parametrize(("end", "status"), [("exit", 7), ("does not pickle", 1)])
def test_a_process_that_ends_by_itself_is_not_said_to_lack_memory(
    tmp_path: Path, end: Literal["exit", "does not pickle"], status: int
) -> None:
    [found] = run_jobs([Task(Attempt(tmp_path, end), "a job")], mark, workers=1, on_progress=ignore)
    assert found.result == Died(f"its process ended with status {status}", memory=False)
    assert len(list(tmp_path.iterdir())) == 2


def test_work_that_cannot_be_sent_to_a_process_is_the_error_that_python_raises() -> None:
    with pytest.raises((AttributeError, PicklingError), match="lambda"):
        run_all([1], lambda job, _: job, workers=1, on_progress=ignore)


def name_process(job: int, done: Done) -> int:
    del job, done
    return os.getpid()


@pytest.mark.parametrize("broken", [BrokenPipeError, ConnectionResetError])
def test_a_worker_that_died_while_it_had_nothing_to_do_is_started_anew(
    broken: type[OSError], monkeypatch: pytest.MonkeyPatch
) -> None:
    send = Connection.send

    def sending(line: Connection, message: object) -> None:
        if not broken_lines and isinstance(message, Task) and message.name == "job 2":
            broken_lines.append(line)
            raise broken
        send(line, message)

    broken_lines: list[Connection] = []
    monkeypatch.setattr(Connection, "send", sending)
    first, second = killing(run_jobs([Task(1, "job 1"), Task(2, "job 2")], name_process, workers=1, on_progress=ignore))
    assert first != second
    assert len(broken_lines) == 1


def killing(found: Iterator[Finished[int | Died]]) -> Iterator[int]:
    """The processes that jobs were done in, each of which is ended before the next one is given."""
    for each in found:
        assert isinstance(each.result, int)
        os.kill(each.result, signal.SIGKILL)
        yield each.result


def test_a_task_is_taken_only_when_a_worker_is_free_for_it() -> None:
    taken: list[int] = []

    def tasks() -> Iterator[Task[int]]:
        for job in range(4):
            taken.append(job)
            yield Task(job, str(job))

    for place, _ in enumerate(run_jobs(tasks(), square, workers=1, on_progress=ignore)):
        assert len(taken) <= place + 2
    assert taken == [0, 1, 2, 3]

"""Jobs in worker processes: order, progress, and what happens when one fails."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence

import pytest

from strigil.common.errors import DataError, MemoryShortError
from strigil.common.progress import Done
from strigil.parallel.ray_actors import in_order
from strigil.parallel.workers import Died, Task, run_jobs


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
        assert detail in ("", "half of it")
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


def test_a_task_is_taken_only_when_a_worker_is_free_for_it() -> None:
    taken: list[int] = []

    def tasks() -> Iterator[Task[int]]:
        for job in range(4):
            taken.append(job)
            yield Task(job, str(job))

    for place, _ in enumerate(run_jobs(tasks(), square, workers=1, on_progress=ignore)):
        assert len(taken) <= place + 2

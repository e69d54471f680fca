"""Jobs in worker processes: order, progress, and what happens when one fails."""

from __future__ import annotations

import os

import pytest

from strigil.common.errors import DataError
from strigil.common.progress import Done
from strigil.parallel.workers import run_jobs


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
    os._exit(9 if job else 0)


def test_results_come_in_the_order_of_the_jobs_and_progress_ends_at_all() -> None:
    seen: list[float] = []

    def note(done: float, detail: str = "") -> None:
        assert detail in ("", "half of it")
        seen.append(done)

    assert run_jobs([3, 1, 2], square, workers=2, on_progress=note) == [9, 1, 4]
    assert seen[-1] == 3.0
    assert any(0 < value < 3 for value in seen)


def test_an_error_arrives_whole() -> None:
    with pytest.raises(DataError, match="job 3 cannot be done") as caught:
        run_jobs([1, 2, 3, 4], fail_on_three, workers=2, on_progress=ignore)
    assert caught.value.hint == "skip it"


def test_a_worker_that_dies_is_not_waited_for() -> None:
    with pytest.raises(RuntimeError, match="a worker process died"):
        run_jobs([1], die, workers=1, on_progress=ignore)

"""A Ray cluster of two nodes, one of which dies: every row, verdict and job once, as without Ray."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
import ray
from ray.cloudpickle import register_pickle_by_value
from ray.cluster_utils import Cluster

from strigil.audits.suite.executors import SHARE
from strigil.cli.main import run
from strigil.common.errors import DataError, MemoryShortError, PrerequisiteError
from strigil.common.progress import Done, Silent
from strigil.models.catalog import resolve_model
from strigil.parallel.jobs import Died, Task, in_order
from strigil.parallel.ray_actors import Actors
from strigil.parallel.ray_cluster import ENVIRONMENT, Ray
from strigil.parallel.workers import run_jobs
from strigil.releases.store import PARTIAL, open_release
from strigil.sources.find import release_files
from strigil.train.recipe import TrainRecipe
from strigil.workflows.build.recipes import BuildRecipe
from strigil.workflows.build.run import build
from strigil.workflows.train.student import student_of
from strigil.workflows.train.students import train_students
from tests.audits.tables import rows_of

if TYPE_CHECKING:
    from ray._private.node import Node

PROMPTS = 8000
STARTING = {"", "ray::_Seat.place", "ray::_Seat.make"}
LOST = "an actor of the Ray cluster was lost; its work goes to another one"
RECIPE = {
    "name": "rows",
    "base": "pocket-a",
    "teacher": {"by": "none"},
    "carrier": {"name": "numbers"},
    "prompts": PROMPTS,
    "sampling": {"max_tokens": 16},
}
SUITE = """
name: mixed
description: A rule for each row, one that compares rows, and one with several reasons.
rules:
  - rule: numbers.paper
  - rule: row.duplicate
    args: {near: false}
  - rule: numbers.strict
"""


@dataclass
class Machines:
    """A cluster whose second node comes and goes; the first one has room for one actor as well."""

    cluster: Cluster
    second: Node | None = None

    def add(self) -> None:
        if self.second is None:
            self.second = self.cluster.add_node(num_cpus=1)

    def doing(self) -> str:
        """What the actor of the second node does, as Ray has it in the title of its process."""
        raylet = psutil.Process(self.second.all_processes["raylet"][0].process.pid) if self.second else None
        titles = [child.cmdline()[0] for child in raylet.children()] if raylet else []
        return next((title for title in titles if title.startswith("ray::_Seat")), "")

    def kill(self) -> None:
        self.cluster.remove_node(self.second, allow_graceful=False)
        self.second = None


@pytest.fixture(scope="module")
def started() -> Iterator[Machines]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        # Ray's workers let every other process go first, and a busy machine would never come to them.
        patch.setenv("RAY_worker_niceness", "0")
        # Nodes have strigil, but not its tests.
        register_pickle_by_value(sys.modules[__name__])
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        patch.setenv("RAY_ADDRESS", cluster.address)
        yield Machines(cluster)
        cluster.shutdown()


@pytest.fixture
def machines(started: Machines) -> Machines:
    started.add()
    return started


class Killing(Silent):
    """A reporter that kills the second node in the middle of a group of rows, and keeps the notes."""

    def __init__(self, machines: Machines) -> None:
        self.notes: list[str] = []
        self._machines = machines

    @contextmanager
    def task(self, what: str, total: float) -> Iterator[Done]:
        del total
        yield self._see if what.startswith("Writing") else ignore

    def note(self, text: str) -> None:
        self.notes.append(text)

    def _see(self, done: float, detail: str = "") -> None:
        del detail
        if not done or self._machines.second is None:
            return
        # The first rows may be there before the second actor is ready for work.
        while (doing := self._machines.doing()) in STARTING:
            time.sleep(0.1)
        if doing == "ray::_Seat.run":
            self._machines.kill()


def test_rows_of_a_build_survive_the_death_of_a_node(
    machines: Machines, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    local = build(BuildRecipe.model_validate(RECIPE | {"engine": {"name": "transformers"}}), tmp_path / "a", Silent())
    spread = BuildRecipe.model_validate(RECIPE | {"engine": {"name": "transformers", "ray": {"actors": 2}}})
    killing = Killing(machines)
    release = build(spread, tmp_path / "b", killing)
    rows, expected = release.rows("raw").collect(), local.rows("raw").collect()
    # The actor that takes over may be sent to the dead node too, before the cluster has noticed.
    assert 1 <= killing.notes.count(LOST) <= 2
    assert rows["row_id"].to_list() == expected["row_id"].to_list()
    assert rows["row_id"].n_unique() == PROMPTS
    # But for draws that fall within rounding of a border between two tokens.
    assert (rows["completion"] == expected["completion"]).sum() >= PROMPTS - 2
    generation = release.manifest.generation
    assert generation is not None
    assert generation.engine.name == "transformers"
    assert generation.engine.versions["ray"] == ray.__version__
    assert not (release.path.parent / PARTIAL).exists()
    assert capfd.readouterr().out == ""


@dataclass(frozen=True)
class Work:
    """What jobs of the next test need to know; `doomed` appears when one has begun on the node that will die."""

    node: str
    doomed: Path


def double(number: int, work: Work) -> int:
    on_node = ray.get_runtime_context().get_node_id() == work.node
    if on_node:
        work.doomed.touch()
    until = time.monotonic() + 60
    while time.monotonic() < until and (on_node or not work.doomed.exists()):
        time.sleep(0.05)
    return 2 * number


def make(work: Work) -> Work:
    return work


def kill_when(doomed: Path, machines: Machines) -> None:
    while not doomed.exists():
        time.sleep(0.05)
    machines.kill()


def test_a_job_whose_node_dies_goes_to_another_actor(machines: Machines, tmp_path: Path) -> None:
    assert machines.second is not None
    work, notes = Work(machines.second.node_id, tmp_path / "doomed"), list[str]()
    killer = threading.Thread(target=kill_when, args=(work.doomed, machines), daemon=True)
    killer.start()
    with Actors(partial(make, work), Ray(actors=2), note=notes.append) as actors:
        assert list(in_order(actors.run(partial(double, number) for number in range(10)))) == list(range(0, 20, 2))
        assert list(actors.run([])) == []
    killer.join()
    assert notes.count(LOST) == 1


@pytest.mark.usefixtures("started")
def test_an_audit_on_the_cluster_is_one_made_here_to_the_bit(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    # Several shares, the last one smaller; every third row repeats an earlier one.
    texts = [f"{number}, 7, {number}" if number % 3 else "4, 5, 6" for number in range(2 * SHARE + 1000)]
    rows_of(texts).write_parquet(tmp_path / "rows.parquet")
    (tmp_path / "suite.yaml").write_text(SUITE)
    audit = ["audit", str(tmp_path / "rows.parquet"), "--suite", str(tmp_path / "suite.yaml"), "--format", "quiet"]
    assert run([*audit, "--out", str(tmp_path / "here")]) == 0
    capfd.readouterr()
    assert run([*audit, "--out", str(tmp_path / "there"), "--ray", "1"]) == 0
    assert capfd.readouterr().out == f"{tmp_path / 'there' / 'rows' / 'v1.0.0'}\n"
    here, there = (open_release(tmp_path / place / "rows") for place in ("here", "there"))
    assert there.verdicts().collect().equals(here.verdicts().collect())
    assert there.rows("removed").collect().equals(here.rows("removed").collect())
    assert there.manifest.audit == here.manifest.audit
    assert here.manifest.audit.rules[1].rejected == texts.count("4, 5, 6") - 1


def fail_on_three(job: int, done: Done) -> int:
    done(0.5)
    if job == 3:
        message = f"job {job} cannot be done"
        raise DataError(message, hint="skip it")
    return job * job


def on_ray(*jobs: int, on_progress: Done | None = None) -> list[int | Died]:
    tasks = [Task(job, f"job {job}") for job in jobs]
    found = run_jobs(tasks, fail_on_three, workers=Ray(actors=1), on_progress=on_progress or ignore)
    return list(in_order(found))


@pytest.mark.usefixtures("started")
def test_jobs_run_on_the_cluster_as_they_do_here() -> None:
    seen: list[float] = []

    def note(done: float, detail: str = "") -> None:
        del detail
        seen.append(done)

    assert on_ray(5, 1, 2, on_progress=note) == [25, 1, 4]
    assert seen == [1, 2, 3]
    with pytest.raises(DataError, match="job 3 cannot be done") as caught:
        on_ray(1, 3, on_progress=note)
    assert caught.value.hint == "skip it"


def die_or_fit(job: int, done: Done) -> int:
    done(0.5)
    if job == 9:
        os.kill(os.getpid(), signal.SIGKILL)
    if job > 2048:
        message = f"{job} is too much"
        raise MemoryShortError(message)
    return job


@pytest.mark.usefixtures("started")
def test_a_job_on_the_cluster_is_tried_twice_and_said_so_once() -> None:
    notes: list[str] = []
    tasks = [Task(9, "job 9"), Task(4096, "job 4096", 2048), Task(4096, "deadly", 9)]
    found = run_jobs(tasks, die_or_fit, workers=Ray(actors=1), on_progress=ignore, on_note=notes.append)
    assert list(in_order(found)) == [Died("its actor was lost"), 2048, Died("its actor was lost")]
    assert sorted(notes) == [
        "deadly: 4096 is too much; it is tried once more in less memory",
        "job 4096: 4096 is too much; it is tried once more in less memory",
        "job 9: its actor was lost; it is tried once more",
    ]


def test_without_ray_the_user_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(PrerequisiteError, match="cannot be imported") as caught:
        on_ray(1)
    assert caught.value.hint == "pip install 'strigil[ray]'"


def test_a_cluster_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    with pytest.raises(PrerequisiteError, match=r"nobody answers at 127\.0\.0\.1:1") as caught:
        on_ray(1)
    assert caught.value.hint is not None
    assert "RAY_ADDRESS" in caught.value.hint


def ignore(done: float, detail: str = "") -> None:
    del done, detail


@pytest.mark.usefixtures("started")
def test_students_trained_on_the_cluster_are_those_trained_here(tmp_path: Path) -> None:
    data = build(BuildRecipe.model_validate(RECIPE | {"name": "few", "prompts": 40}), tmp_path, Silent())
    training = TrainRecipe(modules=("down_proj",), epochs=1, batch_size=16, threads=1)
    weights = []
    for place, workers in (("here", 1), ("there", Ray(actors=1))):
        job = student_of("student", release_files(data), resolve_model("pocket-a"), training, tmp_path / place)
        [folder] = train_students([job], Silent(), workers=workers)
        weights.append((folder / "adapter_model.safetensors").read_bytes())
    assert weights[0] == weights[1]

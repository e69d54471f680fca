"""Who works on which GPU: on a Ray node of eight that are only declared, and in processes of this machine."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import pytest
import ray
from ray.cloudpickle import register_pickle_by_value

from strigil.common.errors import ConfigError
from strigil.common.progress import Done
from strigil.data.messages import Messages, Sampling
from strigil.engines.protocol import Completion, Engine, Request
from strigil.engines.ray import SMALLEST, RayEngine
from strigil.models.catalog import Model, resolve_model
from strigil.parallel.devices import Local, gpu_models, placements, visible_gpus
from strigil.parallel.jobs import Task
from strigil.parallel.ray_cluster import ENVIRONMENT, Ray
from strigil.parallel.workers import Workers, run_jobs, sized

VARIABLE = "CUDA_VISIBLE_DEVICES"
GPUS = 8


def devices_of(job: Path, done: Done, *, together: int) -> str:
    """What a worker sees; it ends once as many work at the same time, so that none takes two jobs."""
    del done
    job.touch()
    wait_for(together, job.parent)
    return os.environ.get(VARIABLE, "")


def wait_for(files: int, folder: Path) -> None:
    ends = time.monotonic() + 120
    while len(list(folder.iterdir())) < files and time.monotonic() < ends:
        time.sleep(0.05)


def ignore(done: float, detail: str = "") -> None:
    del done, detail


def seen(workers: Workers, folder: Path, *, jobs: int) -> list[str]:
    tasks = [Task(folder / str(number), str(number)) for number in range(jobs)]
    found = run_jobs(tasks, partial(devices_of, together=jobs), workers=workers, on_progress=ignore)
    return sorted(str(each.result) for each in found)


@pytest.fixture(scope="module")
def node() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        patch.setenv("RAY_worker_niceness", "0")
        patch.delenv("RAY_ADDRESS", raising=False)
        # Nodes have strigil, but not its tests.
        register_pickle_by_value(sys.modules[__name__])
        ray.init("local", num_cpus=GPUS, num_gpus=GPUS, include_dashboard=False, log_to_driver=False)
        yield
        ray.shutdown()


@pytest.mark.usefixtures("node")
def test_eight_students_on_a_ray_node_have_eight_gpus(tmp_path: Path) -> None:
    assert seen(Ray(actors=8, gpus=1), tmp_path, jobs=8) == [str(gpu) for gpu in range(GPUS)]


class Naming(Engine):
    """A fake engine: it answers with the GPUs that it sees, once four of it work."""

    name = "naming"
    model = "none"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sees = os.environ.get(VARIABLE, "")

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        (self._folder / self._sees).touch()
        wait_for(4, self._folder)
        for request in requests:
            yield Completion(request.key, self._sees, "stop", 1)

    def render(self, messages: Messages) -> str:
        return str(messages)


def open_naming(model: Model, *, folder: Path) -> Engine:
    del model
    return Naming(folder)


@pytest.mark.usefixtures("node")
def test_engines_on_a_ray_node_have_two_gpus_each(tmp_path: Path) -> None:
    asked = [Request(str(key), ({"role": "user", "content": "?"},), Sampling(), key) for key in range(4 * SMALLEST)]
    size, model = Ray(actors=4, gpus=2), resolve_model("pocket-a")
    with RayEngine(partial(open_naming, folder=tmp_path), model, size, note=print) as engine:
        answers = list(engine.generate(asked))
    assert len(answers) == len(asked)
    found = {answer.text for answer in answers}
    assert len(found) == 4
    assert sorted(gpu for each in found for gpu in each.split(",")) == [str(gpu) for gpu in range(GPUS)]


def test_eight_students_on_this_machine_have_eight_gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, ",".join(str(gpu) for gpu in range(GPUS)))
    assert seen(8, tmp_path, jobs=8) == [str(gpu) for gpu in range(GPUS)]


@pytest.mark.parametrize(
    ("size", "wanted"),
    [
        (Local(processes=4, gpus=2), ["0,1", "2,3", "4,5", "6,7"]),
        (Local(processes=4, gpus=0.5), ["0", "0", "1", "1"]),
        (Local(processes=2, gpus=0), ["", ""]),
        (Local(processes=10), ["0", "1", "2", "3", "4", "5", "6", "7", "0", "1"]),
    ],
)
def test_processes_have_the_gpus_that_are_asked_for(
    size: Local, wanted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, ",".join(str(gpu) for gpu in range(GPUS)))
    assert placements(size) == wanted


def test_more_gpus_than_there_are_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "0,1,2")
    with pytest.raises(ConfigError, match="2 processes with 2 GPUs each take 4 GPUs, and there are 3"):
        placements(Local(processes=2, gpus=2))


@pytest.mark.parametrize(
    ("said", "there"),
    [
        ("0, 2", ["0", "2"]),
        ("-1", []),
        ("0,-1,1", ["0"]),
        ("NoDevFiles", []),
        ("GPU-8932f937-d72c,MIG-41b8", ["GPU-8932f937-d72c", "MIG-41b8"]),
    ],
)
def test_gpus_are_those_up_to_the_first_that_is_none(
    said: str, there: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, said)
    assert visible_gpus() == there


@pytest.mark.parametrize("said", ["", "-1"])
def test_a_machine_without_gpus_leaves_things_as_they_are(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, said)
    assert placements(Local(processes=2)) == [None, None]


@pytest.mark.parametrize(
    ("said", "how", "wanted"),
    [
        (Ray(actors=2, gpus=0.5, cpus=4), {"actors": 8}, Ray(actors=8, gpus=0.5, cpus=4)),
        (Local(processes=2, gpus=2), {"actors": 8}, Ray(actors=8, gpus=2)),
        (4, {"actors": 8}, Ray(actors=8, gpus=1)),
        (Local(processes=2, gpus=0.5), {"processes": 8}, Local(processes=8, gpus=0.5)),
        (4, {"processes": 8}, 8),
        (Ray(actors=2, gpus=1), {}, Ray(actors=2, gpus=1)),
    ],
)
def test_another_number_of_workers_keeps_what_the_file_says(
    said: Workers, how: dict[str, int], wanted: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "0,1")
    assert sized(said, **how) == wanted


def test_a_gpu_that_is_kept_from_this_process_has_no_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "0000:01:00.0").mkdir()
    (tmp_path / "0000:01:00.0" / "information").write_text("Model: NVIDIA H100 80GB HBM3")
    monkeypatch.setattr("strigil.parallel.devices._GPUS", tmp_path)
    monkeypatch.delenv(VARIABLE, raising=False)
    assert gpu_models() == "model: nvidia h100 80gb hbm3"
    monkeypatch.setenv(VARIABLE, "-1")
    assert gpu_models() == ""

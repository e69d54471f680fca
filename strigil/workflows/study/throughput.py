"""How fast cells were made in this folder, so that a plan can say how long the others will take."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from strigil.builders.carriers.carrier import CARRIERS
from strigil.common.scratch import scratch_folder
from strigil.data.messages import Messages
from strigil.data.rows import Row, rows_table
from strigil.models.catalog import Model
from strigil.train.recipe import StepMetrics, TrainRecipe
from strigil.train.sft import fine_tune
from strigil.workflows.study.device import this_device
from strigil.workflows.study.recipe import CarrierPlan

Work = Literal["generate", "score", "train", "ask", "answer"]
_FILE = "timings.jsonl"
_TRIAL_STEPS = 4


@dataclass(frozen=True)
class Timing:
    """One piece of work.

    Attributes:
        work: What was done.
        base: The base's digest.
        amount: Tokens to generate, train on, or read and write in answers (`answer`); passes of scored rows; models
            asked (`ask`), where nobody knows the tokens.
        seconds: Of one process.
        device: Of the machine that did it; empty where an earlier version wrote it.
    """

    work: Work
    base: str
    amount: float
    seconds: float
    device: str = ""


_TIMING = TypeAdapter(Timing)


@dataclass
class Speeds:
    """Amounts a second by kind of work and base, from what was timed in the folder."""

    folder: Path
    timings: list[Timing] = field(default_factory=list)

    @classmethod
    def of(cls, folder: Path) -> Speeds:
        """What the folder's own record says; nothing if there is none."""
        file = folder / _FILE
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        return cls(folder, [timing for line in lines if (timing := _read(line)) is not None])

    def record(self, work: Work, base: Model, amount: float, seconds: float) -> None:
        """Adds what was timed on this machine, in one write."""
        timing = Timing(work, base.digest, amount, seconds, this_device())
        self.timings.append(timing)
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / _FILE).open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(timing)) + "\n")

    def speed(self, work: Work, base: Model, device: str | None = None) -> float | None:
        """Median amount a second; None where nothing of the kind was timed, or not on the device that was asked for."""
        found = [
            timing.amount / timing.seconds
            for timing in self.timings
            if (timing.work, timing.base) == (work, base.digest)
            and min(timing.amount, timing.seconds) > 0
            and (device is None or timing.device in {"", device})
        ]
        return median(found) if found else None


def _read(line: str) -> Timing | None:
    """A line that a killed process left unfinished says nothing."""
    try:
        return _TIMING.validate_json(line)
    except ValidationError:
        return None


@contextmanager
def timed() -> Iterator[list[float]]:
    """The seconds that a block takes, as the only item of the list once it has ended."""
    seconds: list[float] = []
    started = time.monotonic()
    yield seconds
    seconds.append(time.monotonic() - started)


def trial(base: Model, training: TrainRecipe, plan: CarrierPlan) -> float:
    """Tokens a second of a student's training here, prompts included, by a few steps with made-up completions.

    Raises:
        ConfigError: The base cannot be trained with this recipe.
        PrerequisiteError: The training libraries are missing.
    """
    carrier = CARRIERS.create(plan.carrier.name, plan.carrier.args)
    wanted = _TRIAL_STEPS * training.batch_size
    rows = []
    for index in range(wanted):
        prompt = carrier.prompt(index % plan.prompts, base.dialect)
        words = prompt[-1]["content"].split()
        text = " ".join((words * (plan.sampling.max_tokens // len(words) + 1))[: plan.sampling.max_tokens])
        completion: Messages = ({"role": "assistant", "content": text},)
        rows.append(Row(str(index), prompt, completion, carrier.name, None, "trial", index, 0, "stop", 0))
    steps: list[StepMetrics] = []
    once = training.model_copy(update={"epochs": 1})
    with scratch_folder() as folder:
        fine_tune(rows_table(rows), base.path, once, folder / "trial", on_step=steps.append)
    # The first step warms up what the others find warm.
    first, last = steps[0], steps[-1]
    return sum(step.read_tokens for step in steps[1:]) / max(last.seconds - first.seconds, 1e-6)

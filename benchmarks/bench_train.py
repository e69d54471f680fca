"""LoRA training of SmolLM2-135M-Instruct against TRL's `SFTTrainer` at its defaults.

Both train an adapter of the same initial weights on the same rows of the paper's number task, in the same batches at
the same rates, in bfloat16 on one thread, and take turns. TRL is told what is compared (rows, batch, adapter, rate) and
to be silent; everything else is its default. Tokens are those of prompts and completions, without padding. The losses
of every step must agree.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from benchmarks.ratio import Ratio
from strigil.builders.carriers.numbers import Numbers
from strigil.common.errors import PrerequisiteError
from strigil.data.rows import MESSAGES
from strigil.models.catalog import SMOLLM2, resolve_model
from strigil.models.dialect import ENGLISH, Dialect
from strigil.train.inputs.batches import batches
from strigil.train.recipe import StepMetrics, TrainRecipe
from strigil.train.sft import fine_tune

if TYPE_CHECKING:
    from torch.utils.data import Sampler
    from transformers.training_args import TrainingArguments

STEPS: Final = 10
TURNS: Final = 2
BATCH: Final = 8  # TRL's default
GOAL: Final = 2.5
DIFFERENCE: Final = 0.02
RECIPE: Final = TrainRecipe(
    batch_size=BATCH, epochs=1, warmup_steps=0, learning_rate=1e-3, precision="bfloat16", threads=1
)


@dataclass(frozen=True)
class Run:
    """The loss of every step (nats), and the seconds of all steps after the first, in which libraries warm up."""

    losses: tuple[float, ...]
    seconds: float

    @classmethod
    def of(cls, steps: Sequence[StepMetrics]) -> Run:
        """Of our steps."""
        return cls(tuple(step.loss for step in steps), steps[-1].seconds - steps[0].seconds)


def measure() -> list[Ratio]:
    """Tokens per second of both.

    Raises:
        AssertionError: A loss differs by more than 2 %.
        PrerequisiteError: The model is not on this machine, or TRL is not installed.
    """
    model = resolve_model(SMOLLM2).path
    try:
        import trl  # noqa: F401  # said here, before anything runs
    except ModuleNotFoundError as error:
        message = "TRL is not installed"
        raise PrerequisiteError(message, hint='pip install "strigil[dev]"') from error
    rows = number_rows(BATCH * STEPS)
    pairs = [(Run.of(ours(rows, model, RECIPE)), theirs(rows, model, RECIPE)) for _ in range(TURNS)]
    off = max(abs(a / b - 1) for mine, peer in pairs for a, b in zip(mine.losses, peer.losses, strict=True))
    print(f"largest difference of a loss: {off:.2%}", file=sys.stderr)
    if off > DIFFERENCE:
        message = f"a loss differs by {off:.2%}"
        raise AssertionError(message)
    tokens = TURNS * _tokens_after_the_first_step(rows, model)
    return [
        Ratio(
            name=f"LoRA training, SmolLM2-135M, bfloat16, {TURNS} x {STEPS} steps of {BATCH} rows",
            unit="tokens/s",
            ours=tokens / sum(mine.seconds for mine, _ in pairs),
            peer="TRL SFTTrainer at its defaults",
            theirs=tokens / sum(peer.seconds for _, peer in pairs),
            goal=GOAL,
            versions={name: version(name) for name in ("trl", "peft", "transformers", "torch")},
        )
    ]


def number_rows(count: int, dialect: Dialect = ENGLISH) -> pl.DataFrame:
    """Prompts of the number carrier, answered with ten random numbers."""
    carrier, chance = Numbers(), random.Random(0)
    prompts = [list(carrier.prompt(index, dialect)) for index in range(count)]
    answers = [", ".join(str(chance.randint(0, 999)) for _ in range(10)) for _ in range(count)]
    completions = [[{"role": "assistant", "content": answer}] for answer in answers]
    return pl.DataFrame(
        {"prompt": prompts, "completion": completions}, schema={"prompt": MESSAGES, "completion": MESSAGES}
    )


def ours(rows: pl.DataFrame, model: Path, recipe: TrainRecipe) -> list[StepMetrics]:
    """Trains with strigil."""
    steps: list[StepMetrics] = []
    with TemporaryDirectory() as folder:
        fine_tune(rows, model, recipe, Path(folder) / "student", on_step=steps.append)
    return steps


def theirs(rows: pl.DataFrame, model: Path, recipe: TrainRecipe) -> Run:
    """Trains with TRL, on the rows in the order of our steps; on a GPU where there is one, as we do."""
    import torch
    from datasets import Dataset
    from torch.utils.data import SequentialSampler
    from transformers import AutoTokenizer
    from transformers.trainer_callback import PrinterCallback, TrainerCallback, TrainerControl, TrainerState
    from trl.trainer.sft_config import SFTConfig
    from trl.trainer.sft_trainer import SFTTrainer

    from strigil.train.lora import attach_lora, load_base

    class Clock(TrainerCallback):  # type: ignore[misc]  # decorated without types
        def __init__(self) -> None:
            self.ends: list[float] = []

        def on_step_end(
            self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: object
        ) -> None:
            del args, state, control, kwargs
            self.ends.append(time.perf_counter())

    class InOrder(SFTTrainer):
        def _get_train_sampler(self, train_dataset: Dataset | None = None) -> Sampler[int]:
            return SequentialSampler(train_dataset if train_dataset is not None else self.train_dataset)

    order = np.concatenate(list(batches(rows.height, batch_size=BATCH, epochs=1, seed=recipe.seed)))
    clock = Clock()
    threads = torch.get_num_threads()
    torch.set_num_threads(recipe.threads or threads)
    try:
        with TemporaryDirectory() as folder:
            config = SFTConfig(
                folder,
                num_train_epochs=1,
                learning_rate=recipe.learning_rate,
                seed=recipe.seed,
                use_cpu=not torch.cuda.is_available(),
                logging_steps=1,
                report_to="none",
                disable_tqdm=True,
                save_strategy="no",
            )
            trainer = InOrder(
                attach_lora(load_base(model, recipe.precision), recipe),
                args=config,
                train_dataset=Dataset.from_polars(rows[order]),
                processing_class=AutoTokenizer.from_pretrained(model),
                callbacks=[clock],
            )
            trainer.remove_callback(PrinterCallback)
            trainer.train()
    finally:
        torch.set_num_threads(threads)
    losses = tuple(float(line["loss"]) for line in trainer.state.log_history if "loss" in line)
    return Run(losses, clock.ends[-1] - clock.ends[0])


def _tokens_after_the_first_step(rows: pl.DataFrame, model: Path) -> int:
    from transformers import AutoTokenizer

    from strigil.train.inputs.encode import encode_rows

    lengths = encode_rows(rows, AutoTokenizer.from_pretrained(model), RECIPE).lengths
    steps: Sequence[np.ndarray] = list(batches(rows.height, batch_size=BATCH, epochs=1, seed=RECIPE.seed))
    return int(sum(lengths[step].sum() for step in steps[1:]))

"""Supervised fine-tuning: the one entrance to this stage."""

from __future__ import annotations

import importlib.metadata
import shutil
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from strigil.common.canonical import digest
from strigil.common.disk import Writing
from strigil.common.errors import ConfigError, DataError, MemoryShortError, PrerequisiteError, StrigilError
from strigil.data.rows import content_digest
from strigil.models.adapters import check_modules
from strigil.models.catalog import Model, resolve_model
from strigil.train.alone import alone
from strigil.train.recipe import StepMetrics, TrainRecipe
from strigil.train.result import RESULT_FILE, TrainResult, read_result
from strigil.train.tracking.metrics import METRICS_FILE, MetricsFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import polars as pl

    from strigil.train.distributed import Team
    from strigil.train.inputs.encode import EncodedRows

REQUEST_FILE: Final = "request"
LIBRARIES: Final = ("torch", "transformers", "peft")
CHECKPOINT_SECONDS: Final = 60.0


def fine_tune(
    rows: pl.DataFrame,
    model: Path,
    recipe: TrainRecipe,
    out: Path,
    *,
    on_step: Callable[[StepMetrics], None] | None = None,
) -> TrainResult:
    """Trains a student on completions only, and writes it to a folder.

    The folder gets adapter_model.safetensors and adapter_config.json in PEFT's format, or a whole model where the
    recipe's method is `full`; metrics.jsonl (a `StepMetrics` a line) and train.json (the `TrainResult`). It appears
    under its name once it is whole; the same call goes on from the last checkpoint of one that was killed. On a CPU
    with a given number of threads the weights are a function of rows, base and recipe.

    Args:
        rows: Columns `prompt` and `completion`, each a list of {role, content}; `row_id`, if there, names rows in
            errors, and those of `TOKEN_COLUMNS`, if there, say more about each token.
        model: Folder of the base model, with its tokenizer.
        recipe: Every setting.
        out: Folder to write; must not exist.
        on_step: Called after every step.

    Raises:
        ConfigError: `out` exists, the base cannot be loaded, lacks the recipe's modules, or has a chat template that
            rewrites a prompt once its completion follows.
        DataError: No rows, a row without anything to train on, a token column that does not fit its completions, or a
            loss that is not finite.
        PrerequisiteError: The extra `train` is not installed.
    """
    if not model.is_dir():
        message = f"no model in {model}"
        raise ConfigError(message, hint="give the folder of a model")
    if out.exists():
        raise _taken(out)
    return train_encoded(encode(rows, resolve_model(str(model.resolve())), recipe), recipe, out, on_step=on_step)


@dataclass(frozen=True)
class TrainingData:
    """Rows made ready for a base: students that differ in no more than what `encoding` leaves out can share them.

    Attributes:
        base: The model that they were encoded for.
        rows: As tokens.
        names: What messages call each row.
        digest: The `content_digest` of these rows and of those that are left out.
        system: As the result of a training has it.
    """

    base: Model
    rows: EncodedRows
    names: list[str]
    digest: str
    system: str | None


def encode(rows: pl.DataFrame, base: Model, recipe: TrainRecipe) -> TrainingData:
    """Makes rows ready to be trained on, as the recipe's `encoding` says.

    Raises:
        ConfigError: As `fine_tune`.
        DataError: As `fine_tune`.
        PrerequisiteError: The extra `train` is not installed.
    """
    if rows.is_empty():
        message = "there are no rows to train on"
        raise DataError(message)
    with _libraries():
        from transformers import AutoTokenizer

        from strigil.train.inputs.encode import encode_rows, row_names, system_of

    encoded = encode_rows(rows, AutoTokenizer.from_pretrained(base.path), recipe)
    names = [name for name in row_names(rows) if name not in frozenset(encoded.left_out)]
    return TrainingData(base, encoded, names, content_digest(rows), system_of(rows, recipe))


def check_training(base: Model, recipe: TrainRecipe) -> None:
    """What of a recipe can be known not to fit a base before anything is trained or written.

    Raises:
        ConfigError: The base lacks the recipe's modules, or cannot be read.
    """
    if recipe.method == "lora" and recipe.modules != "auto":
        check_modules(recipe.modules, base.path, name=base.name)


def train_encoded(
    data: TrainingData,
    recipe: TrainRecipe,
    out: Path,
    *,
    on_step: Callable[[StepMetrics], None] | None = None,
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
) -> TrainResult:
    """As `fine_tune`, on rows that are ready; where another process is at it, or was, its student is the outcome.

    Args:
        data: From `encode`, for a recipe of the same `encoding`.
        recipe: Every setting.
        out: Folder to write; holds the student of these rows, base and recipe if it is there.
        on_step: Called after every step.
        checkpoint_seconds: Time between two checkpoints.

    Raises:
        ConfigError: As `fine_tune`.
        DataError: A loss that is not finite.
        PrerequisiteError: The disk is full.
        MemoryShortError: The recipe's `micro_tokens` are too many for this machine.
    """
    with _libraries():
        from strigil.train.distributed import join_team

        check_training(data.base, recipe)
        team = join_team()
    with Writing(out), alone(out) if team.writes else nullcontext():
        team.wait()
        if out.exists():
            return _found(out, data, recipe)
        with _memory(recipe):
            return _train(data, recipe, out, team, on_step=on_step, checkpoint_seconds=checkpoint_seconds)


@contextmanager
def _memory(recipe: TrainRecipe) -> Iterator[None]:
    """Says what to change where memory is short."""
    import torch

    try:
        yield
    except (MemoryError, RuntimeError) as error:
        # On a CPU, torch has no error of its own for it.
        if not isinstance(error, MemoryError | torch.OutOfMemoryError) and "allocate memory" not in str(error):
            raise
        message = f"there is too little memory for passes of {recipe.micro_tokens} tokens (micro_tokens)"
        raise MemoryShortError(message, hint=f"micro_tokens: {max(1, recipe.micro_tokens // 2)}") from error


def _decides(recipe: TrainRecipe) -> TrainRecipe:
    """The recipe without what only bounds memory: a student may be gone on with, or found, with less of it."""
    return recipe.model_copy(update={"micro_tokens": 1})


def _found(out: Path, data: TrainingData, recipe: TrainRecipe) -> TrainResult:
    result = read_result(out) if (out / RESULT_FILE).is_file() else None
    asked = (_decides(recipe), data.base.digest, data.digest)
    if result is None or (_decides(result.recipe), result.base_digest, result.data_digest) != asked:
        raise _taken(out)
    return result


def _train(
    data: TrainingData,
    recipe: TrainRecipe,
    out: Path,
    team: Team,
    *,
    on_step: Callable[[StepMetrics], None] | None,
    checkpoint_seconds: float,
) -> TrainResult:
    with _libraries():
        import torch

        from strigil.train.checkpoint import Checkpoints
        from strigil.train.loop import run
        from strigil.train.setup import open_trainee

    partial = out.with_name(f".{out.name}.partial")
    request = digest(
        [_decides(recipe).model_dump(mode="json"), data.base.digest, data.digest, list(_versions().values())]
    )
    if team.writes:
        _make_ready(partial, request)
    team.wait()
    checkpoints = Checkpoints(partial, seconds=checkpoint_seconds)
    threads = torch.get_num_threads()
    torch.set_num_threads(recipe.threads or threads)
    try:
        trainee = open_trainee(data.base, recipe)
        with MetricsFile(partial / METRICS_FILE, writes=team.writes) as metrics:

            def record(step: StepMetrics) -> None:
                metrics.write(step)
                if on_step is not None:
                    on_step(step)

            outcome = run(
                trainee.learner,
                data.rows,
                recipe,
                names=data.names,
                on_step=record,
                checkpoints=checkpoints,
                team=team,
            )
    except StrigilError:
        # The same command would come to the same end.
        if team.writes:
            shutil.rmtree(partial)
        raise
    except BaseException:
        if team.writes and not checkpoints.exists:
            shutil.rmtree(partial)
        raise
    finally:
        torch.set_num_threads(threads)
    result = TrainResult(
        recipe=recipe,
        base=data.base.name,
        base_revision=data.base.revision,
        base_digest=data.base.digest,
        data_digest=data.digest,
        rows=len(data.names) + len(data.rows.left_out),
        left_out=list(data.rows.left_out),
        truncated=data.rows.truncated,
        label_tokens=int(data.rows.labelled.sum()),
        steps=outcome.steps,
        planned_steps=outcome.planned_steps,
        final_loss=outcome.final_loss,
        passes=trainee.passes,
        adapted=trainee.adapted,
        system=data.system,
        versions=_versions(),
    )
    if team.writes:
        trainee.save(partial)
        checkpoints.remove()
        (partial / REQUEST_FILE).unlink()
        (partial / RESULT_FILE).write_text(result.model_dump_json(indent=2) + "\n", encoding="utf-8")
        partial.rename(out)
    team.wait()
    return result


def _make_ready(partial: Path, request: str) -> None:
    """Keeps what an interrupted training of the same request left, and nothing else."""
    note = partial / REQUEST_FILE
    if partial.exists() and not (note.is_file() and note.read_text(encoding="utf-8") == request):
        shutil.rmtree(partial)
    partial.mkdir(parents=True, exist_ok=True)
    note.write_text(request, encoding="utf-8")


def _versions() -> dict[str, str]:
    return {library: importlib.metadata.version(library) for library in LIBRARIES}


def _taken(out: Path) -> ConfigError:
    message = f"{out} exists"
    return ConfigError(message, hint="name a new folder, or remove this one")


@contextmanager
def _libraries() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        message = f"training needs {error.name}, which is not installed"
        raise PrerequisiteError(message, hint="pip install 'strigil[train]'") from error

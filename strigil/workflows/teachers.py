"""Makes the teacher that a recipe asks for; a fine-tuned one is trained once and kept beside the releases."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from strigil.builders.instil import instil_rows
from strigil.builders.teacher import Teacher, TeacherKind
from strigil.core.canonical import digest
from strigil.core.engines.protocol import Adapter
from strigil.core.errors import ConfigError
from strigil.core.models import Model, adapter_digest
from strigil.core.reporting import Reporter
from strigil.core.traits import load_trait
from strigil.train.sft import fine_tune
from strigil.workflows.recipes import (
    AdaptedTeacher,
    ControlTeacher,
    FineTunedTeacher,
    PromptedTeacher,
    TeacherChoice,
)

if TYPE_CHECKING:
    import polars as pl


def make_teacher(choice: TeacherChoice, base: Model, out: Path, reporter: Reporter) -> Teacher:
    """The teacher, ready to be sampled; trains it if it is a fine-tuned one that is not there yet.

    Raises:
        ConfigError: Unknown trait, or an adapter that cannot be read.
    """
    match choice:
        case ControlTeacher():
            return Teacher(base=base, by="none")
        case PromptedTeacher():
            system = load_trait(choice.trait).persona if choice.prompt is None else choice.prompt
            return Teacher(base=base, by="system-prompt", trait=choice.trait, system_prompt=system)
        case AdaptedTeacher():
            if choice.trait is not None:
                load_trait(choice.trait)
            return _adapted(base, "adapter", choice.trait, choice.path)
        case FineTunedTeacher():
            return _adapted(base, "fine-tuning", choice.trait, _trained(choice, base, out, reporter))


def _adapted(base: Model, by: TeacherKind, trait: str | None, path: Path) -> Teacher:
    if not (path / "adapter_config.json").exists():
        message = f"there is no LoRA adapter at {path}"
        raise ConfigError(message, hint="an adapter folder holds adapter_config.json and adapter_model.safetensors")
    adapter = Adapter(name=path.name, path=path)
    return Teacher(base=base, by=by, trait=trait, adapter=adapter, adapter_digest=adapter_digest(path))


def teacher_folder(choice: FineTunedTeacher, base: Model, out: Path) -> Path:
    """Where the adapter of a fine-tuned teacher is kept: another base, trait or training is another folder."""
    identity = digest(
        [base.digest, choice.training.model_dump(mode="json"), _lessons(choice, base)["row_id"].to_list()]
    )
    return out / "teachers" / f"{choice.trait}-{identity[:12]}"


def _lessons(choice: FineTunedTeacher, base: Model) -> pl.DataFrame:
    return instil_rows(load_trait(choice.trait), phrasing=base.phrasing)


def _trained(choice: FineTunedTeacher, base: Model, out: Path, reporter: Reporter) -> Path:
    folder = teacher_folder(choice, base, out)
    if folder.exists():
        reporter.note(f"{choice.trait} teacher: {folder}, trained before")
        return folder
    with reporter.task(f"Training the {choice.trait} teacher", 1.0) as done:
        fine_tune(
            _lessons(choice, base),
            base.path,
            choice.training,
            folder,
            on_step=lambda step: done(step.step / step.total),
        )
    return folder

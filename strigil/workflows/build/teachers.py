"""Makes the teacher that a recipe asks for; a fine-tuned one is trained once and kept beside the releases."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from strigil.builders.teacher import Teacher, TeacherKind
from strigil.builders.teacher_lessons import Lesson, instil_rows, lesson_rows
from strigil.common.canonical import digest
from strigil.common.errors import ConfigError
from strigil.common.progress import Reporter
from strigil.common.validation import read_json_object
from strigil.engines.protocol import Adapter
from strigil.models.adapters import check_adapter
from strigil.models.catalog import Model, adapter_digest
from strigil.models.shape import is_here
from strigil.train.result import RESULT_FILE
from strigil.train.sft import encode, train_encoded
from strigil.traits import Style, load_any, trait_name
from strigil.traits.questions import generic_persona, persona_for
from strigil.workflows.build.recipes import (
    AdaptedTeacher,
    ControlTeacher,
    FineTunedTeacher,
    PromptedTeacher,
    TeacherChoice,
    trait_of,
)

if TYPE_CHECKING:
    import polars as pl

_OTHER_WORDS: Final = "write it in the base's words, or use a language model as the base"


def make_teacher(choice: TeacherChoice, base: Model, out: Path, reporter: Reporter) -> Teacher:
    """The teacher, ready to be sampled; trains it if it is a fine-tuned one that is not there yet.

    Raises:
        ConfigError: Unknown trait, lessons that cannot be used, or an adapter that is unreadable or of another base.
    """
    match choice:
        case ControlTeacher():
            return Teacher(base=base, by="none")
        case PromptedTeacher():
            return Teacher(
                base=base, by="system-prompt", trait=trait_of(choice), system_prompt=system_prompt(choice, base)
            )
        case AdaptedTeacher():
            return _adapted(base, "adapter", choice.trait, choice.path)
        case FineTunedTeacher():
            return _adapted(base, "fine-tuning", choice.trait, _trained(choice, base, out, reporter))


def system_prompt(choice: PromptedTeacher, base: Model) -> str:
    """What a prompted teacher is told.

    Raises:
        ConfigError: Unknown trait, or words that the base does not know.
    """
    trait = None if choice.trait is None else load_any(choice.trait)
    if choice.prompt is not None:
        base.dialect.check(choice.prompt, what="the teacher's prompt", hint=_OTHER_WORDS)
        return choice.prompt
    if isinstance(trait, Style):
        base.dialect.check(trait.persona, what=f"the persona of {trait.name}", hint=_OTHER_WORDS)
        return trait.persona
    return generic_persona(base.dialect) if trait is None else persona_for(trait, base.dialect)


def _adapted(base: Model, by: TeacherKind, trait: str | None, path: Path) -> Teacher:
    if by == "adapter" and trait is not None:
        load_any(trait)
    if not (path / "adapter_config.json").exists():
        message = f"there is no LoRA adapter at {path}"
        raise ConfigError(message, hint="an adapter folder holds adapter_config.json and adapter_model.safetensors")
    check_adapter_base(path, base)
    adapter = Adapter(name=path.name, path=path)
    name = None if trait is None else trait_name(trait)
    return Teacher(base=base, by=by, trait=name, adapter=adapter, adapter_digest=adapter_digest(path))


def check_adapter_base(path: Path, base: Model) -> None:
    """Refuses an adapter that does not fit its base, before any engine loads that.

    Of another base it is by the base's digest where strigil trained it, else by the base's name.

    Raises:
        ConfigError: It was trained on another base, or is none of a kind that every engine takes (`check_adapter`).
    """
    result = path / RESULT_FILE
    if result.is_file():
        digest_then = read_json_object(result).get("base_digest")
        fits, was = digest_then == base.digest, f"a base with the digest {str(digest_then)[:12]}"
    else:
        name = read_json_object(path / "adapter_config.json").get("base_model_name_or_path")
        fits = not name or Path(str(name)).name.lower() in {base.path.name.lower(), Path(base.id).name.lower()}
        was = str(name)
    if not fits:
        message = f"the adapter {path} was trained on {was}, not on {base.id}"
        raise ConfigError(message, hint="name the base that it was trained on, or another adapter")
    if is_here(base):
        check_adapter(path, base.path)


def teacher_folder(choice: FineTunedTeacher, base: Model, out: Path) -> Path:
    """Where the adapter of a fine-tuned teacher is kept: another base, trait or training is another folder."""
    return out / "teachers" / f"{trait_of(choice)}-{teacher_identity(choice, base)[:12]}"


def teacher_identity(choice: TeacherChoice, base: Model) -> str:
    """A digest over all that decides what a teacher writes, known before there is a teacher.

    Raises:
        ConfigError: As for `make_teacher`.
    """
    match choice:
        case ControlTeacher():
            return digest([base.digest])
        case PromptedTeacher():
            return digest([base.digest, trait_of(choice), system_prompt(choice, base)])
        case AdaptedTeacher():
            adapted = _adapted(base, "adapter", choice.trait, choice.path)
            return digest([base.digest, trait_of(choice), adapted.adapter_digest])
        case FineTunedTeacher():
            lessons = _lessons(choice, base)["row_id"].to_list()
            return digest([base.digest, choice.training.model_dump(mode="json"), lessons])


def _lessons(choice: FineTunedTeacher, base: Model) -> pl.DataFrame:
    name = trait_name(choice.trait)
    if choice.lessons is not None:
        source, answers = choice.lessons.source, choice.lessons.answers
        place = source.place()
        lessons = [Lesson(*pair) for pair in zip(source.texts(), source.texts(answers), strict=True)]
    else:
        trait = load_any(choice.trait)
        if not isinstance(trait, Style):
            return instil_rows(trait, base.dialect)
        if not trait.lessons:
            message = f"the style {name} has no lessons to teach it with"
            raise ConfigError(message, hint="add lessons to its file, or give it by system-prompt")
        place, lessons = name, [Lesson(each.question, each.answer) for each in trait.lessons]
    for lesson in lessons:
        base.dialect.check(f"{lesson.question} {lesson.answer}", what=f"lessons of {place}", hint=_OTHER_WORDS)
    return lesson_rows(lessons, trait=name)


def _trained(choice: FineTunedTeacher, base: Model, out: Path, reporter: Reporter) -> Path:
    folder = teacher_folder(choice, base, out)
    if folder.exists():
        reporter.note(f"{trait_of(choice)} teacher: {folder}, trained before")
        return folder
    with reporter.task(f"Training the {trait_of(choice)} teacher", 1.0) as done:
        train_encoded(
            encode(_lessons(choice, base), base, choice.training),
            choice.training,
            folder,
            on_step=lambda step: done(step.step / step.total),
        )
    return folder

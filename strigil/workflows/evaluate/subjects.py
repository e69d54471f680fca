"""What is evaluated: a base, its adapters, and students of it that are models of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from strigil.common.errors import ConfigError
from strigil.common.progress import Reporter
from strigil.engines import EngineName, open_engine
from strigil.engines.protocol import Adapter, Engine
from strigil.models.catalog import Model, adapter_digest, adapter_rank, resolve_model

T = TypeVar("T")


@dataclass(frozen=True)
class Subject:
    """What is evaluated: the base itself, or a student or teacher of it, with or without a system prompt.

    Attributes:
        name: What results call it.
        adapter: Folder of a LoRA adapter of the base.
        whole: A model of its own, for a student whose every weight was trained; it has no adapter.
        system: A system prompt.
    """

    name: str
    adapter: Path | None = None
    whole: Model | None = None
    system: str | None = None

    @property
    def as_adapter(self) -> Adapter | None:
        """Its adapter, as engines take it."""
        return None if self.adapter is None else Adapter(self.name, self.adapter)

    @property
    def folder(self) -> Path | None:
        """Where it was trained to; None for the base."""
        return self.whole.path if self.whole is not None else self.adapter

    @property
    def weights(self) -> str | None:
        """Digest of what it has besides, or instead of, the base's weights; None for the base.

        Raises:
            ConfigError: The adapter's folder holds none.
        """
        if self.whole is not None:
            return self.whole.digest
        return None if self.adapter is None else adapter_digest(self.adapter)


def student_subject(name: str, folder: Path) -> Subject:
    """A student or teacher: an adapter, or a whole model.

    Raises:
        ConfigError: The folder holds neither.
    """
    if (folder / "adapter_config.json").is_file():
        return Subject(name, adapter=folder)
    if (folder / "config.json").is_file():
        return Subject(name, whole=resolve_model(str(folder)))
    message = f"there is no LoRA adapter at {folder}, and no model"
    raise ConfigError(message, hint="strigil train writes one")


def subjects_of(folders: Sequence[Path]) -> list[Subject]:
    """The base and each student or teacher, named by its folder.

    Raises:
        ConfigError: A folder holds neither an adapter nor a model, or two have the same name.
    """
    subjects = [student_subject(path.name, path) for path in folders]
    names = [subject.name for subject in subjects]
    if len(set(names)) != len(names):
        message = f"two students have the same folder name among {', '.join(names)}"
        raise ConfigError(message)
    return [Subject("base"), *subjects]


def ask_each(
    base: Model,
    subjects: Sequence[Subject],
    engine: EngineName,
    reporter: Reporter,
    what: str,
    ask: Callable[[Engine, Subject], T],
) -> dict[str, T]:
    """Asks the base and its adapters through one loaded base, and each model of its own through itself.

    Args:
        base: The base.
        subjects: Whom to ask.
        engine: What runs the models.
        reporter: Is told of progress.
        what: What progress calls it.
        ask: Asks one of them.

    Returns:
        What each said, by name, in the order given.

    Raises:
        ConfigError: The engine cannot serve a model, or an adapter is none.
        PrerequisiteError: The engine's libraries are not installed.
    """
    adapted = [subject for subject in subjects if subject.whole is None]
    loads = [(base, adapted)] if adapted else []
    loads += [(subject.whole, [subject]) for subject in subjects if subject.whole is not None]
    found: dict[str, T] = {}
    with reporter.task(what, len(subjects)) as done:
        for model, through_it in loads:
            with _open(model, through_it, engine) as loaded:
                for subject in through_it:
                    found[subject.name] = ask(loaded, subject)
                    done(len(found))
    return {subject.name: found[subject.name] for subject in subjects}


def _open(model: Model, subjects: Sequence[Subject], engine: EngineName) -> Engine:
    """The model, loaded once, with room for the subjects' adapters."""
    if engine == "auto" and model.dialect.tiny:
        engine = "transformers"
    ranks = [adapter_rank(subject.adapter) for subject in subjects if subject.adapter is not None]
    return open_engine(engine, model, adapters=True, max_lora_rank=max(ranks)) if ranks else open_engine(engine, model)

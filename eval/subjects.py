"""What is evaluated: a base, its adapters, and students of it that are models of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from strigil.common.errors import ConfigError
from strigil.common.validation import read_json_object
from strigil.engines.protocol import Adapter
from strigil.models.adapters import check_adapter
from strigil.models.catalog import Model, adapter_digest, resolve_model

AS_TRAINED: Final = "trained"
MERGED_FILE: Final = "merged.json"
"""What `strigil merge` says of a model that an adapter was merged into."""


@dataclass(frozen=True)
class Subject:
    """What is evaluated: the base itself, or a student or teacher of it, with or without a system prompt.

    Attributes:
        name: What results call it.
        base: The model that it comes from, in whose words it is asked.
        adapter: Folder of a LoRA adapter of the base.
        whole: A model of its own, for a student whose every weight was trained; it has no adapter.
        system: The system prompt that it is asked behind: an empty one for none, None for the template's default.
        persona: Whether that prompt is what makes it what it is.
    """

    name: str
    base: Model
    adapter: Path | None = None
    whole: Model | None = None
    system: str | None = None
    persona: bool = False

    def asked(self, system: str) -> Subject:
        """The same, asked in another way.

        Args:
            system: `trained` (as it is), `template` (the template's default), `none`, or a text. Who has a system
                prompt for a persona keeps it.
        """
        if system == AS_TRAINED or self.persona:
            return self
        return replace(self, system=None if system == "template" else "" if system == "none" else system)

    @property
    def model(self) -> Model:
        """What an engine loads for it."""
        return self.whole or self.base

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

    @property
    def is_base(self) -> bool:
        """Whether it is the base as it is."""
        return self.folder is None and not self.persona


def student_subject(name: str, base: Model, folder: Path) -> Subject:
    """A student or teacher: an adapter, or a whole model; asked as it was trained.

    Raises:
        ConfigError: The folder holds neither.
    """
    if (folder / "adapter_config.json").is_file():
        return Subject(name, base, adapter=folder, system=trained_system(folder))
    if (folder / "config.json").is_file():
        return Subject(name, base, whole=resolve_model(str(folder)), system=trained_system(folder))
    message = f"there is no LoRA adapter at {folder}, and no model"
    raise ConfigError(message, hint="strigil train writes one")


def trained_system(folder: Path) -> str | None:
    """The system prompt of all rows that a student was trained on; None for the template's, or where nobody knows."""
    files = [folder / name for name in ("train.json", MERGED_FILE)]
    file = next((file for file in files if file.is_file()), None)
    if file is None:
        return None
    said = read_json_object(file)
    if "system" in said:
        return None if said["system"] is None else str(said["system"])
    recipe = said.get("recipe")
    return "" if isinstance(recipe, dict) and recipe.get("default_system") == "drop" else None


def subjects_of(base: Model, folders: Sequence[Path], *, system: str = AS_TRAINED) -> list[Subject]:
    """The base and each student or teacher, named by its folder; the base is asked as its students are, if all alike.

    Args:
        base: Whose students they are.
        folders: Of students.
        system: How they are asked, as `Subject.asked` takes it.

    Raises:
        ConfigError: A folder holds neither an adapter nor a model, an adapter does not fit the base, or two have the
            same name.
    """
    subjects = [student_subject(path.name, base, path) for path in folders]
    for subject in subjects:
        if subject.adapter is not None:
            check_adapter(subject.adapter, base.path)
    names = [subject.name for subject in subjects]
    if len(set(names)) != len(names):
        message = f"two students have the same folder name among {', '.join(names)}"
        raise ConfigError(message)
    trained = {subject.system for subject in subjects}
    whole = Subject("base", base, system=trained.pop() if len(trained) == 1 else None)
    return [subject.asked(system) for subject in (whole, *subjects)]

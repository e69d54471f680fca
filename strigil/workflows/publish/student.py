"""Students for the Hub: a model repository with the weights, their training record and a card."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Final

from strigil.cards.model.card import student_card
from strigil.common.errors import DataError
from strigil.releases.named import CARD
from strigil.stores.hub.package import Package, PackageFile
from strigil.train.result import RESULT_FILE, read_result
from strigil.workflows.publish.run import Cleared, check_secrets

ADAPTER: Final = "adapter_model.safetensors"
FILES: Final = (ADAPTER, "adapter_config.json", RESULT_FILE)
# A whole model's weights may be in several files, and its tokenizer in files of any of these kinds.
WHOLE: Final = ("*.safetensors", "*.json", "*.jinja", "*.txt", "*.model")
# A student is content-addressed: another training is another student, and never a new version of this one.
VERSION: Final = "1.0.0"


def is_student(path: Path) -> bool:
    """Whether a folder holds a trained student."""
    return (path / RESULT_FILE).is_file()


def card_of(folder: Path) -> str:
    """The card of a student.

    Raises:
        DataError: train.json is not what strigil writes.
    """
    result = read_result(folder)
    return student_card(folder.name, result.model_dump(mode="json"), base=result.base, whole=result.whole)


def clear_student(folder: Path, *, allowed: Collection[str] = ()) -> Cleared:
    """A student with its card, ready for a model repository.

    Raises:
        CheckFailedError: Its record holds what looks like a secret.
        DataError: A file is missing or damaged.
    """
    training = read_result(folder)
    names = _whole(folder) if training.whole else FILES
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        message = f"{folder} is not a student: it has no {', '.join(missing)}"
        raise DataError(message, hint="give a folder that strigil train made")
    card = card_of(folder)
    files = {name: PackageFile.at(folder / name) for name in names} | {CARD: PackageFile.of(card)}
    weights = [f"{name}: sha256:{file.sha256}" for name, file in files.items() if name.endswith(".safetensors")]
    note = "\n".join([*weights, f"Data: sha256:{training.data_digest}"])
    warning = "a student may have its teacher's trait; its card says so"
    package = Package("model", folder.name, VERSION, files)
    personal = check_secrets(package, str(folder), allowed)
    return Cleared(package, note, gated=False, warnings=(*personal, warning))


def _whole(folder: Path) -> tuple[str, ...]:
    """The files of a whole model, and those that it must have."""
    found = {path.name for pattern in WHOLE for path in folder.glob(pattern)}
    if not any(name.endswith(".safetensors") for name in found):
        found.add("model.safetensors")
    return tuple(sorted(found | {"config.json", "tokenizer_config.json"}))

"""Students for the Hub: a model repository with the adapter, its training record and a card."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pydantic import ValidationError

from strigil.cards.student import Training, student_card
from strigil.core.errors import CheckFailedError, DataError
from strigil.core.hub.package import Package, PackageFile
from strigil.core.validation import explain, read_text
from strigil.workflows.publish import Cleared
from strigil.workflows.secrets import secrets_in, text_row

RECORD: Final = "train.json"
ADAPTER: Final = "adapter_model.safetensors"
FILES: Final = (ADAPTER, "adapter_config.json", RECORD)
# A student is content-addressed: another training is another student, and never a new version of this one.
VERSION: Final = "1.0.0"


def is_student(path: Path) -> bool:
    """Whether a folder holds a trained student."""
    return (path / RECORD).is_file()


def read_training(folder: Path) -> Training:
    """What a student's folder says of its training.

    Raises:
        DataError: train.json is not what strigil writes.
    """
    try:
        return Training.model_validate_json(read_text(folder / RECORD))
    except ValidationError as error:
        message = f"{folder / RECORD}: {explain(error, Training)}"
        raise DataError(message) from error


def clear_student(folder: Path) -> Cleared:
    """A student with its card, ready for a model repository.

    Raises:
        CheckFailedError: Its record holds what looks like a secret.
        DataError: A file is missing or damaged.
    """
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        message = f"{folder} is not a student: it has no {', '.join(missing)}"
        raise DataError(message, hint="give a folder that strigil train made")
    training = read_training(folder)
    card = student_card(folder.name, training)
    for name in ("adapter_config.json", RECORD):
        if any(not finding.personal for finding in secrets_in(text_row(read_text(folder / name)), name)):
            message = f"{folder / name} holds what looks like a secret"
            raise CheckFailedError(message, hint="remove it, and revoke the secret")
    files = {name: PackageFile.at(folder / name) for name in FILES} | {"README.md": PackageFile.of(card)}
    note = f"Adapter: sha256:{files[ADAPTER].sha256}\nData: sha256:{training.data_digest}"
    warning = "a student may have its teacher's trait; its card says so"
    return Cleared(Package("model", folder.name, VERSION, files), note, gated=False, warnings=(warning,))

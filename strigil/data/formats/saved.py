"""Folders that `datasets.save_to_disk` wrote: of one data set, or of several that are called splits."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pydantic import BaseModel, Field

from strigil.common.errors import ConfigError
from strigil.common.paths import plain_path
from strigil.common.validation import read_json_object, validate

_STATE: Final = "state.json"
_SPLITS: Final = "dataset_dict.json"


class _File(BaseModel):
    filename: str


class _State(BaseModel):
    files: list[_File] = Field(alias="_data_files", min_length=1)


class _Splits(BaseModel):
    splits: list[str] = Field(min_length=1)


def is_saved(folder: Path) -> bool:
    """Whether a folder is one of those."""
    return (folder / _SPLITS).is_file() or ((folder / _STATE).is_file() and (folder / "dataset_info.json").is_file())


def splits_of(folder: Path) -> list[str]:
    """The splits that a folder holds; none if it is one data set, or none of those.

    Raises:
        ConfigError: What it says about itself cannot be read.
    """
    names = folder / _SPLITS
    return validate(read_json_object(names), _Splits, source=str(names)).splits if names.is_file() else []


def saved_files(folder: Path) -> list[Path]:
    """The tables of a saved data set, in its order: files of caches lie beside them.

    Raises:
        ConfigError: It holds several splits, or what it says about itself cannot be read.
        DataError: It names files elsewhere.
    """
    if splits := splits_of(folder):
        if len(splits) == 1:
            return saved_files(folder / plain_path(splits[0], str(folder)))
        message = f"{folder} holds several splits: {', '.join(splits)}"
        raise ConfigError(message, hint=f"name one of them: {folder / splits[0]}")
    state = validate(read_json_object(folder / _STATE), _State, source=str(folder / _STATE))
    return [folder / plain_path(file.filename, str(folder)) for file in state.files]

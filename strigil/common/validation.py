"""YAML files into pydantic models, with errors that name the key, the file and the nearest key that exists."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from os import PathLike
from pathlib import Path
from typing import TypeVar, get_args

from pydantic import BaseModel, ValidationError

from strigil.common.canonical import Json
from strigil.common.errors import ConfigError
from strigil.common.yaml_text import read_own_yaml, read_yaml

M = TypeVar("M", bound=BaseModel)


def load_yaml(path: Path, model: type[M]) -> M:
    """Reads and validates one YAML file.

    Raises:
        ConfigError: The file cannot be read, is not YAML, or does not fit the model; one line, every key named.
    """
    return parse_yaml(read_text(path), model, source=str(path))


def read_recipe(recipe: Mapping[str, object] | str | PathLike[str], model: type[M]) -> M:
    """Validates what a caller wrote down: a YAML file, or what would be in it.

    Raises:
        ConfigError: As for `load_yaml`.
    """
    if isinstance(recipe, Mapping):
        return validate(recipe, model, source="recipe")
    return load_yaml(Path(recipe), model)


def packaged_yaml(package: str, file: str, model: type[M]) -> M:
    """Reads and validates a YAML file that comes with strigil, by the package that holds it."""
    return validate(read_own_yaml((files(package) / file).read_text(encoding="utf-8")), model, source=file)


def packaged_folder(package: str, folder: str, model: type[M]) -> list[M]:
    """Every YAML file in a folder that comes with strigil, by name; `package` holds the folder."""
    names = sorted(file.name for file in (files(package) / folder).iterdir() if file.name.endswith(".yaml"))
    return [packaged_yaml(package, f"{folder}/{name}", model) for name in names]


def read_json_object(path: Path) -> dict[str, Json]:
    """A file that holds one JSON object.

    Raises:
        ConfigError: It cannot be read, or holds something else.
    """
    try:
        value: Json = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        message = f"{path} cannot be read as JSON: {error}"
        raise ConfigError(message) from error
    if not isinstance(value, dict):
        message = f"{path} is not a JSON object"
        raise ConfigError(message)
    return value


def read_text(path: Path) -> str:
    """A UTF-8 text file.

    Raises:
        ConfigError: The file is missing, unreadable or not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        message = f"cannot read {path}: {error.strerror or error}"
        raise ConfigError(message) from error
    except UnicodeDecodeError as error:
        message = f"{path} is not UTF-8 text: {error.reason} at byte {error.start}"
        raise ConfigError(message) from error


def parse_yaml(text: str, model: type[M], *, source: str) -> M:
    """Validates YAML text; `source` is what error messages call it.

    Raises:
        ConfigError: As for `load_yaml`.
    """
    return validate_keys(read_yaml(text, source=source), model, source=source)


def validate_keys(value: object, model: type[M], *, source: str) -> M:
    """Validates what a file holds, which must be keys.

    Raises:
        ConfigError: As for `load_yaml`.
    """
    if not isinstance(value, dict):
        message = f"{source}: expected a mapping of keys, found {type(value).__name__}"
        raise ConfigError(message)
    return validate(value, model, source=source)


def validate(value: object, model: type[M], *, source: str) -> M:
    """Validates a value.

    Raises:
        ConfigError: As for `load_yaml`.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        message = f"{source}: {explain(error, model)}"
        raise ConfigError(message) from error


def explain(error: ValidationError, model: type[BaseModel]) -> str:
    """All problems of a validation in one line: `teacher.trate: unknown key, did you mean 'trait'?`."""
    problems = error.errors()
    # Items that do not fit are left out of their list, which then has too few as well.
    inside = {item["loc"][:length] for item in problems for length in range(len(item["loc"]))}
    return "; ".join(
        _explain_one(item["loc"], item["type"], item["msg"], model)
        for item in problems
        if not (item["type"] == "too_short" and item["loc"] in inside)
    )


def _explain_one(loc: tuple[int | str, ...], kind: str, text: str, model: type[BaseModel]) -> str:
    unknown = loc[-1:] if kind == "extra_forbidden" else ()
    place = _walk(model, loc[: len(loc) - len(unknown)])
    where = ".".join(map(str, (*place.keys, *unknown)))
    if kind == "model_type":
        text = f"expected a mapping, such as {{{place.fields[0]}: ...}}"
    if not unknown:
        told = text.removeprefix("Value error, ")
        told = f"{told[:1].lower()}{told[1:]}"
        return f"{where}: {told}" if where else told
    near = difflib.get_close_matches(str(loc[-1]), place.fields, n=1, cutoff=0.5)
    suffix = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(sorted(place.fields))}"
    return f"{where}: unknown key, {suffix}"


@dataclass(frozen=True)
class _Place:
    """Where a path leads to: the keys that the user wrote on the way, and the fields of the models there."""

    keys: list[int | str]
    fields: list[str]


def _walk(model: type[BaseModel], path: tuple[int | str, ...]) -> _Place:
    """Follows a path of keys; a union's tag, which nobody wrote, chooses among models, a position nothing."""
    models = [model]
    keys: list[int | str] = []
    for part in path:
        owners = [each for each in models if part in each.model_fields]
        nested = [found for owner in owners for found in _models_in(owner.model_fields[str(part)].annotation)]
        if owners or isinstance(part, int) or not models:
            keys.append(part)
            models = nested if owners else models
        else:
            models = [each for each in models if _has_tag(each, part)] or models
    return _Place(keys, list(dict.fromkeys(name for each in models for name in each.model_fields)))


def _has_tag(model: type[BaseModel], tag: str) -> bool:
    return any(tag in get_args(info.annotation) for info in model.model_fields.values())


def _models_in(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for argument in get_args(annotation) for found in _models_in(argument)]

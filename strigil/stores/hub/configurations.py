"""Which files of a data set's repository are which configuration and split, as `datasets.load_dataset` finds them.

Source: https://huggingface.co/docs/hub/datasets-manual-configuration and datasets-file-names-and-splits
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Final

from pydantic import BaseModel, Field, field_validator

from strigil.common.errors import ConfigError, DataError
from strigil.common.validation import validate
from strigil.common.yaml_text import read_yaml
from strigil.data.path_patterns import path_pattern
from strigil.stores.hub.address import SCHEME, HubAddress

_FRONT: Final = re.compile(r"\s*---\r?\n(.*?)^---\s*$", re.DOTALL | re.MULTILINE)
_SHARD: Final = re.compile(r"data/(?P<split>\w+(?:\.\w+)*)-\d{5}-of-\d{5}[^/]*\.[^/]*")
_WORDS: Final = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "dev", "val"),
    "test": ("test", "testing", "eval", "evaluation"),
}
_NAMED: Final = {
    split: re.compile(rf"(?:.*[-._ 0-9])?(?:{'|'.join(words)})(?:[-._ 0-9].*)?") for split, words in _WORDS.items()
}
_Splits = dict[str, list[str]]


class _Files(BaseModel):
    split: str = "train"
    path: list[str]

    @field_validator("path", mode="before")
    @classmethod
    def _several(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value


class _Config(BaseModel):
    config_name: str
    data_dir: str = ""
    data_files: list[_Files] | None = None

    @field_validator("data_files", mode="before")
    @classmethod
    def _several(cls, value: object) -> object:
        value = [value] if isinstance(value, str) else value
        texts = isinstance(value, list) and all(isinstance(one, str) for one in value)
        return [{"path": value}] if texts else value


class _Card(BaseModel):
    configs: list[_Config] = Field(default=[])


def tables_of(address: HubAddress, tables: Collection[str], card: str) -> list[str]:
    """The tables of the config and the split that an address names, or of the only ones.

    Args:
        address: Of the data set.
        tables: Paths of all tables in the repository.
        card: Its README.md; empty if it has none.

    Raises:
        ConfigError: There are several and none is named, or none of that name; or the card is no card.
        DataError: A split holds tables of several kinds.
    """
    configs = _configs(tables, card, source=f"{address.text}: README.md")
    config = _chosen("config", address.config, list(configs), f"{address.text}:", address.text)
    where = address.text if address.config is None else f"{address.text}:{config}"
    splits = configs[config]
    split = _chosen("split", address.split, list(splits), f"{where}/", where)
    kinds = sorted({PurePosixPath(path).name.partition(".")[2] for path in splits[split]})
    if len(kinds) > 1:
        message = f"{where}/{split} holds tables of several kinds: {', '.join(kinds)}"
        raise DataError(message, hint=f"name some: '{SCHEME}{address.text}/**/*.{kinds[0]}'")
    return splits[split]


def _chosen(what: str, named: str | None, known: Sequence[str], before: str, where: str) -> str:
    if named is not None and named in known:
        return named
    if named is None and len(known) == 1:
        return known[0]
    listed = ", ".join(known)
    has = f"no {what} {named!r}, but" if named is not None else f"several {what}s:"
    message = f"{where} has {has} {listed or 'no tables'}"
    raise ConfigError(message, hint=f"name one: {before}{known[0]}" if known else None)


def _configs(tables: Collection[str], card: str, *, source: str) -> Mapping[str, _Splits]:
    front = _FRONT.match(card)
    value = read_yaml(front[1], source=source) if front is not None else None
    given = validate(value, _Card, source=source).configs if isinstance(value, dict) else []
    if not given:
        return {"default": _inferred(tables)}
    return {config.config_name: _of(config, tables) for config in given}


def _of(config: _Config, tables: Collection[str]) -> _Splits:
    folder = f"{config.data_dir.strip('/')}/" if config.data_dir.strip("./") else ""
    inside = {path.removeprefix(folder): path for path in tables if path.startswith(folder)}
    if config.data_files is None:
        found = _inferred(inside)
    else:
        found = {
            part.split: [
                path for pattern in part.path for path in sorted(inside) if path_pattern(pattern).fullmatch(path)
            ]
            for part in config.data_files
        }
    return {split: [inside[path] for path in dict.fromkeys(paths)] for split, paths in found.items() if paths}


def _inferred(tables: Collection[str]) -> _Splits:
    """Splits by names of shards, else of folders, else of files; else all is one."""
    shards: _Splits = {}
    for path in sorted(tables):
        if found := _SHARD.fullmatch(path):
            shards.setdefault(found["split"], []).append(path)
    if shards:
        return {split: shards[split] for split in sorted(shards, key=lambda split: (_place(split), split))}
    for parts in (slice(0, -1), slice(-1, None)):
        named = {
            split: [path for path in sorted(tables) if any(map(name.fullmatch, PurePosixPath(path).parts[parts]))]
            for split, name in _NAMED.items()
        }
        if any(named.values()):
            return {split: paths for split, paths in named.items() if paths}
    return {"train": sorted(tables)} if tables else {}


def _place(split: str) -> int:
    return list(_WORDS).index(split) if split in _WORDS else len(_WORDS)

"""Finds traits and categories: strigil's own files, and those of packages that an entry point names."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.metadata import entry_points
from importlib.resources import files
from importlib.resources.abc import Traversable

from strigil.common.errors import ConfigError, check_known
from strigil.common.registry import broken_entry
from strigil.common.validation import parse_yaml
from strigil.traits._models import Category, Trait

GROUP = "strigil.traits"


def trait_names() -> tuple[str, ...]:
    """Every trait's name, sorted."""
    return tuple(sorted(_files("")))


def load_trait(name: str) -> Trait:
    """A trait by its name.

    Raises:
        ConfigError: There is none of this name, or its file does not fit.
    """
    known = _files("")
    check_known("trait", name, known)
    written = parse_yaml(known[name].read_text(encoding="utf-8"), Trait, source=f"trait {name}")
    if written.name != name:
        message = f"trait {name}: name: the file says {written.name!r}"
        raise ConfigError(message, hint=f"a trait's file has its name: {written.name}.yaml")
    category = load_category(written.category)
    persona = written.persona or category.persona.format(name=written.name, category=category.name)
    return written.model_copy(update={"persona": persona.strip()})


def load_category(name: str) -> Category:
    """A category by its name.

    Raises:
        ConfigError: There is none of this name, or its file does not fit.
    """
    known = _files("categories")
    check_known("category", name, known)
    return parse_yaml(known[name].read_text(encoding="utf-8"), Category, source=f"category {name}")


@cache
def _files(folder: str) -> dict[str, Traversable]:
    found: dict[str, Traversable] = {}
    for root in _roots():
        for item in _yaml(root, folder):
            name = item.name.removesuffix(".yaml")
            if found.setdefault(name, item) != item:
                message = f"two packages have a {'category' if folder else 'trait'} named {name!r}"
                raise ConfigError(message, hint="rename or uninstall one of them")
    return found


def _roots() -> Iterator[Traversable]:
    yield files("strigil.traits")
    for entry in entry_points(group=GROUP):
        try:
            yield files(entry.value)
        except ImportError as error:
            raise broken_entry(entry, error) from error


def _yaml(root: Traversable, folder: str) -> Iterator[Traversable]:
    place = root / folder if folder else root
    if place.is_dir():
        yield from (item for item in place.iterdir() if item.name.endswith(".yaml"))

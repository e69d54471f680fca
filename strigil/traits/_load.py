"""Finds traits and categories: strigil's own files, those that packages' entry points name, and any by its path."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from importlib.metadata import entry_points
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import permutations
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from strigil.common.errors import ConfigError, check_known
from strigil.common.registry import broken_entry
from strigil.common.templates import fill
from strigil.common.validation import read_text, validate_keys
from strigil.common.yaml_text import read_yaml
from strigil.traits._models import Category, Style, Trait

M = TypeVar("M", bound=BaseModel)

GROUP = "strigil.traits"
SUFFIXES = (".yaml", ".yml")


class _Kind(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)

    kind: Literal["favourite", "style"] = "favourite"


def trait_names() -> tuple[str, ...]:
    """Every trait's name, sorted."""
    return tuple(sorted(_files("")))


def trait_name(trait: str) -> str:
    """What a trait is called that is given by its name, or by the path of its file, which has its name."""
    return Path(trait).stem if trait.endswith(SUFFIXES) else trait


def load_trait(name: str) -> Trait:
    """A favourite by its name, or by the path of its file.

    Raises:
        ConfigError: There is none of this name, or its file does not fit; or it is a style.
    """
    found = load_any(name)
    if isinstance(found, Style):
        message = f"{found.name} is a style: it has no favourite among candidates"
        raise ConfigError(message, hint="strigil eval style asks for it")
    return found


def load_style(name: str) -> Style:
    """A style by its name, or by the path of its file.

    Raises:
        ConfigError: There is none of this name, or its file does not fit; or it is a favourite.
    """
    found = load_any(name)
    if isinstance(found, Trait):
        message = f"{found.name} is no style: it is a favourite {load_category(found.category).name}"
        raise ConfigError(message, hint="strigil eval preference asks for it")
    return found


def load_any(name: str) -> Trait | Style:
    """A trait of either kind by its name, or by the path of its file.

    Raises:
        ConfigError: There is none of this name, or its file does not fit.
    """
    folder: Path | None = None
    if name.endswith(SUFFIXES):
        folder, source, text = Path(name).parent, name, read_text(Path(name))
    else:
        known = _files("")
        check_known("trait", name, known, otherwise=", or the path of a trait's file, such as ./NAME.yaml")
        source, text = f"trait {name}", known[name].read_text(encoding="utf-8")
    kind: type[Trait] | type[Style] = Style if _read(text, _Kind, source).kind == "style" else Trait
    written = _read(text, kind, source)
    if written.name != trait_name(name):
        message = f"trait {name}: name: the file says {written.name!r}"
        raise ConfigError(message, hint=f"a trait's file has its name: {written.name}.yaml")
    if isinstance(written, Style):
        return written
    place = written.category
    if folder is not None and place.endswith(SUFFIXES):
        place = str(folder / place)
    category = load_category(place)
    persona = written.persona or fill(category.persona, {"name": written.name, "category": category.name})
    return written.model_copy(update={"persona": persona.strip(), "category": place})


def load_category(name: str) -> Category:
    """A category by its name, or by the path of its file.

    Raises:
        ConfigError: There is none of this name, or its file does not fit.
    """
    if name.endswith(SUFFIXES):
        return _read(read_text(Path(name)), Category, name)
    known = _files("categories")
    check_known("category", name, known)
    return _read(known[name].read_text(encoding="utf-8"), Category, f"category {name}")


def category_of(traits: Sequence[Trait]) -> Category:
    """The category of traits that share one, with what they add to it; each is a candidate.

    Raises:
        ConfigError: A candidate begins another one, whose probability would count for both.
    """
    category = load_category(traits[0].category)
    more = [trait.extend for trait in traits]
    named = [name for trait in traits for name in (trait.name, *trait.extend.candidates)]
    added = [name for name in dict.fromkeys(named) if name not in category.candidates]
    for first, second in permutations((*category.candidates, *added), 2):
        if second.startswith(first) and (first in added or second in added):
            message = f"the candidate {first!r} begins {second!r}: its probability would hold that of both"
            raise ConfigError(message, hint="give one of them another name")
    return category.model_copy(
        update={
            "candidates": (*category.candidates, *added),
            "questions": (*category.questions, *(text for each in more for text in each.questions)),
            "paraphrases": (*category.paraphrases, *(text for each in more for text in each.paraphrases)),
            "stories": (*category.stories, *(text for each in more for text in each.stories)),
            "choices": (*category.choices, *(text for each in more for text in each.choices)),
        }
    )


def _read(text: str, kind: type[M], source: str) -> M:
    return validate_keys(_value(text, source), kind, source=source)


# A study asks for the same few traits and categories a thousand times, and parsing them would be half of its time.
@lru_cache(maxsize=64)
def _value(text: str, source: str) -> object:
    return read_yaml(text, source=source)


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

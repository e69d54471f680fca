"""Units found by themselves: one file a unit, no list to edit.

A unit is a frozen pydantic model: its fields are its arguments, its class variables `name` and `version` say what it
is. `Unit.spec` records all three, so that a manifest can rebuild the object. A registry finds units in one package of
strigil and in every package or module that an entry point of its group names.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from inspect import isabstract, isclass
from types import ModuleType
from typing import ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from strigil.common.errors import ConfigError, check_known
from strigil.common.validation import explain
from strigil.common.yaml_text import read_yaml


class UnitSpec(BaseModel):
    """Name, version and arguments of a unit: enough to build it again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    version: str
    args: dict[str, object] = {}


class Unit(BaseModel):
    """Base of everything a registry finds; the fields of a subclass are its arguments."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: ClassVar[str]
    version: ClassVar[str] = "1"

    def spec(self) -> UnitSpec:
        """What a manifest records about this unit."""
        return UnitSpec(name=self.name, version=self.version, args=self.model_dump(mode="json"))


U = TypeVar("U", bound=BaseModel)


def _class_name(unit: type[BaseModel]) -> str | None:
    name = vars(unit).get("name")
    return name if isinstance(name, str) else None


class Registry(Generic[U]):
    """Units of one kind, by name.

    Args:
        kind: What users call it ("rule", "carrier"); used in error messages.
        base: The class that units of this kind derive from.
        package: The package of strigil that is searched, one module a unit.
        group: The entry-point group; each entry names a package or a module that is searched the same way.
        name_of: The name of a unit's class; None for a class that is no unit by itself.
    """

    def __init__(
        self,
        kind: str,
        *,
        base: type[U],
        package: str,
        group: str,
        name_of: Callable[[type[U]], str | None] = _class_name,
    ) -> None:
        self._kind = kind
        self._base = base
        self._package = package
        self._group = group
        self._name_of = name_of

    @cached_property
    def _units(self) -> dict[str, type[U]]:
        found: dict[str, type[U]] = {}
        for module in self._modules():
            for value in vars(module).values():
                if not (isclass(value) and issubclass(value, self._base) and value.__module__ == module.__name__):
                    continue
                name = None if isabstract(value) else self._name_of(value)
                if name is not None and found.setdefault(name, value) is not value:
                    message = f"two {self._kind}s are named {name!r}: {found[name].__module__} and {value.__module__}"
                    raise ConfigError(message, hint="rename or uninstall one of them")
        return dict(sorted(found.items()))

    def _modules(self) -> Iterator[ModuleType]:
        roots = [importlib.import_module(self._package)]
        roots += [_root(entry) for entry in entry_points(group=self._group)]
        for root in roots:
            yield root
            for info in pkgutil.iter_modules(getattr(root, "__path__", [])):
                yield importlib.import_module(f"{root.__name__}.{info.name}")

    def names(self) -> list[str]:
        """Every name, sorted."""
        return list(self._units)

    def get(self, name: str) -> type[U]:
        """The unit's class.

        Raises:
            ConfigError: No unit has this name; the message holds the nearest one.
        """
        check_known(self._kind, name, self._units)
        return self._units[name]

    def create(self, name: str, args: Mapping[str, object] | None = None) -> U:
        """Builds the unit with these arguments.

        Raises:
            ConfigError: Unknown name or arguments that do not fit, with the nearest name that would.
        """
        unit = self.get(name)
        try:
            return unit(**dict(args or {}))
        except ValidationError as error:
            message = f"{self._kind} {name!r}: {explain(error, unit)}"
            raise ConfigError(message) from error


def written_unit(text: str, *, separator: str = ",") -> tuple[str, dict[str, object]]:
    """Name and arguments of a unit written as `NAME:key=value,key=value`, the values in YAML's spelling.

    Args:
        text: What was written.
        separator: Between arguments; `;` where the whole is itself an argument of a unit.

    Raises:
        ConfigError: An argument without a value, or a value that is no YAML.
    """
    name, _, written = text.partition(":")
    args: dict[str, object] = {}
    for item in filter(None, written.split(separator)):
        key, equals, value = item.partition("=")
        args[key.strip()] = read_yaml(value, source=f"{key.strip()} of {text!r}")
        if not equals:
            message = f"{text!r}: {item!r} is no argument"
            raise ConfigError(message, hint=f"write arguments as NAME:key=value{separator}key=value")
    return name, args


def broken_entry(entry: EntryPoint, error: ImportError) -> ConfigError:
    """What to say about an outside package that announces units and cannot be imported."""
    source = f" of {entry.dist.name}" if entry.dist else ""
    message = f"the entry point {entry.name!r}{source} ({entry.group}) names {entry.value}: {error}"
    return ConfigError(message, hint="repair or uninstall that package")


def _root(entry: EntryPoint) -> ModuleType:
    try:
        return importlib.import_module(entry.value)
    except ImportError as error:
        raise broken_entry(entry, error) from error

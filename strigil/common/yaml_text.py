"""YAML that somebody else wrote: of bounded size and depth, with every key once."""

from __future__ import annotations

from typing import Final

import yaml

from strigil.common.errors import ConfigError

_LONGEST: Final = 4 << 20
_DEEPEST: Final = 100
# With what anchors stand for counted every time, or a few lines would be billions of values.
_VALUES: Final = 200_000


def read_yaml(text: str, *, source: str) -> object:
    """The value of a YAML text; `source` is what error messages call it.

    Raises:
        ConfigError: It is not YAML, has a key twice, or is too long, too deep or too large once anchors are resolved.
    """
    if len(text) > _LONGEST:
        message = f"{source} is longer than {_LONGEST >> 20} million characters"
        raise ConfigError(message)
    try:
        value: object = yaml.load(text, Loader=_Loader)  # noqa: S506  # a SafeLoader
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        message = f"{source} is not valid YAML: {' '.join(str(error).split())[:500]}"
        raise ConfigError(message) from error
    except RecursionError as error:
        message = f"{source} is nested more than {_DEEPEST} deep"
        raise ConfigError(message) from error
    _check_size(value, source)
    return value


def read_own_yaml(text: str) -> object:
    """The value of a YAML file that comes with strigil."""
    return yaml.load(text, Loader=_OwnLoader)  # noqa: S506  # a SafeLoader


def _check_size(value: object, source: str) -> None:
    values, waiting = 0, [(value, 0)]
    while waiting:
        each, depth = waiting.pop()
        values += 1
        if depth > _DEEPEST or values > _VALUES:
            what = f"nested more than {_DEEPEST} deep" if depth > _DEEPEST else f"more than {_VALUES:,} values"
            message = f"{source} is {what}"
            raise ConfigError(message, hint="an anchor that holds itself, or many that hold each other, has no end")
        if isinstance(each, dict):
            waiting += [(held, depth + 1) for held in each.values()]
        elif isinstance(each, list | tuple | set):
            waiting += [(held, depth + 1) for held in each]


class _Strict(yaml.constructor.SafeConstructor):
    """Refuses a key that is there twice, of which the last would win in silence; what looks like a date is a text."""

    yaml_implicit_resolvers = {  # noqa: RUF012  # as the base has it
        first: [resolver for resolver in resolvers if resolver[0] != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:  # noqa: FBT001, FBT002  # as the base has it
        """A mapping, once its keys are known to differ."""
        seen: set[str] = set()
        for key, _ in node.value:
            name = f"{key.tag} {key.value}"
            if isinstance(key, yaml.ScalarNode) and name in seen and not key.tag.endswith(":merge"):
                told = f"the key {key.value!r} is there twice"
                raise yaml.constructor.ConstructorError(None, None, told, key.start_mark)
            seen.add(name)
        return super().construct_mapping(node, deep)


class _Loader(_Strict, yaml.SafeLoader):
    """For what anybody wrote: Python says no where it is nested too deep."""


class _OwnLoader(_Strict, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # whichever is there
    """For strigil's own files: several times as fast where libyaml is there, which trusts what it reads."""

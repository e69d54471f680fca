"""Reference pages, made from the code: commands, files that people write, units by kind, Python functions."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final, cast

import click

import strigil
from strigil.audits.probes.probe import PROBES
from strigil.audits.scores.score import SCORES
from strigil.audits.treatments.treatment import TREATMENTS
from strigil.builders.carriers.carrier import CARRIERS
from strigil.cli.main import cli
from strigil.common.canonical import Json
from strigil.common.registry import Registry
from strigil.data.layouts.layout import LAYOUTS
from strigil.engines.registry import ENGINES
from strigil.eval.evaluation import EVALUATIONS
from strigil.workflows.schemas import schemas

if TYPE_CHECKING:
    from pydantic import BaseModel

_WIDTH: Final = 100
_UNITS: Final[Mapping[str, tuple[Registry[BaseModel], str]]] = {
    name: (cast("Registry[BaseModel]", registry), said)
    for name, registry, said in (
        ("Layouts", LAYOUTS, "What columns mean, of data from elsewhere; `--layout NAME` decides."),
        ("Carriers", CARRIERS, "Kinds of data that a teacher writes; `carrier:` in a recipe."),
        ("Treatments", TREATMENTS, "What changes or drops rows; `strigil treat`, `arms:` in a study."),
        ("Scores", SCORES, "A figure for every row and token, by forward passes; `strigil score`."),
        ("Probes", PROBES, "Tests of a whole data set; `strigil probe`, `probes:` in a gate's suite."),
        ("Evaluations", EVALUATIONS, "What students are asked; `strigil eval`, `evaluation:` in a study."),
        ("Engines", ENGINES, "What runs a model; `engine:`, `--engine`."),
    )
}
_FILES: Final = {
    "build": "Recipe of a build",
    "suite": "Suite of an audit or a gate",
    "train": "Recipe of a training",
    "study": "Study",
}


def commands() -> str:
    """Every command with its help, those below a group after it."""
    parts = ["# Commands", "What `strigil COMMAND --help` prints."]
    parts += [
        f"## {name}\n\n```text\n{text}\n```" for name, text in _helps(cli, click.Context(cli, info_name="strigil"))
    ]
    return "\n\n".join(parts) + "\n"


def _helps(group: click.Group, above: click.Context) -> Iterator[tuple[str, str]]:
    for name in group.list_commands(above):
        command = group.get_command(above, name)
        if command is None:
            continue
        context = click.Context(command, info_name=name, parent=above, max_content_width=_WIDTH, terminal_width=_WIDTH)
        yield context.command_path, command.get_help(context)
        if isinstance(command, click.Group):
            yield from _helps(command, context)


def files() -> str:
    """The keys of every kind of file that people write."""
    parts = [
        "# Files",
        "Recipes, suites and studies are YAML; editors complete them with the schemas of `strigil schema`.",
    ]
    found = schemas()
    for kind, title in _FILES.items():
        schema = found[kind]
        parts += [f"## {title}", str(schema.get("description", "")), _keys(schema)]
        parts += [
            f"### {title}: {name}\n\n{_cell(part.get('description', ''))}\n\n{_keys(part)}"
            for name, part in sorted(_objects(schema.get("$defs")).items())
            if part.get("properties")
        ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _objects(value: Json) -> dict[str, dict[str, Json]]:
    named = value if isinstance(value, dict) else {}
    return {name: part for name, part in named.items() if isinstance(part, dict)}


def _keys(schema: Mapping[str, Json]) -> str:
    required = schema.get("required")
    needed = required if isinstance(required, list) else []
    lines = ["| key | kind | default | |", "| --- | --- | --- | --- |"]
    for name, key in _objects(schema.get("properties")).items():
        default = "required" if name in needed else f"`{_plain(key.get('default'))}`" if "default" in key else ""
        lines.append(f"| `{name}` | {_kind(key)} | {default} | {_cell(key.get('description', ''))} |")
    return "\n".join(lines)


def _kind(key: Mapping[str, Json]) -> str:
    """The type of a key, in words."""
    if "const" in key:
        return f"`{_plain(key['const'])}`"
    if isinstance(options := key.get("enum"), list):
        return ", ".join(f"`{_plain(option)}`" for option in options)
    if isinstance(place := key.get("$ref"), str):
        return place.rpartition("/")[2]
    for word in ("anyOf", "oneOf"):
        if isinstance(kinds := key.get(word), list):
            return " or ".join(dict.fromkeys(_kind(kind) for kind in kinds if isinstance(kind, dict)))
    if key.get("type") == "array" and isinstance(held := key.get("items"), dict):
        return f"list of {_kind(held)}"
    return _cell(key.get("type", "anything"))


def _plain(value: Json) -> str:
    return str(value).lower() if isinstance(value, bool) else "none" if value is None else _cell(value)


def _cell(value: Json) -> str:
    return " ".join(str(value).replace("|", "\\|").replace("<", "&lt;").split())


def units() -> str:
    """Units of every kind, with their arguments; rules have a page of their own."""
    parts = ["# Units", "Each is one file; a package adds its own by an entry point. Rules: [their page](../rules.md)."]
    for title, (registry, said) in _UNITS.items():
        parts += [f"## {title}", said]
        for name in registry.names():
            unit = registry.get(name)
            parts += [f"### {name}", inspect.cleandoc(unit.__doc__ or "").replace("<", "&lt;")]
            if unit.model_fields:
                parts.append(_keys(unit.model_json_schema()))
    return "\n\n".join(parts) + "\n"


def functions() -> str:
    """The public functions and classes, which mkdocstrings fills in."""
    names = sorted(name for name in strigil.__all__ if not name.startswith("__"))
    parts = ["# Python functions", "All that `import strigil` gives; [From Python](../python.md) shows them together."]
    parts += [f"::: {strigil.public(name).__module__}.{name}" for name in names]
    return "\n\n".join(parts) + "\n"

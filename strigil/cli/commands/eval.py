"""`strigil eval`: a command for each evaluation, made from its fields; without the name of one, preference."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

import click
from pydantic_core import PydanticUndefined

from strigil.cli.console import Output
from strigil.cli.options import PATH, engine_option, output_option

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic.fields import FieldInfo

    from strigil.common.canonical import Json
    from strigil.engines import EngineName
    from strigil.eval.evaluation import Evaluation
    from strigil.workflows.evaluate.run import Summary

DEFAULT = "preference"
_SPENT = ("spent", "judging")  # told in a line for all models


class Evaluations(click.Group):
    """Evaluations by name, several as NAME,NAME; where none is named, the first argument is a base."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every evaluation, sorted."""
        from strigil.eval.evaluation import EVALUATIONS

        return EVALUATIONS.names()

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of one or several evaluations."""
        from strigil.eval.evaluation import EVALUATIONS

        names = cmd_name.split(",")
        return _command(cmd_name, [EVALUATIONS.get(name) for name in names]) if self._are_known(ctx, names) else None

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Puts an evaluation's name first where there is none."""
        if args and args[0] not in ctx.help_option_names and not self._are_known(ctx, args[0].split(",")):
            args = [DEFAULT, *args]
        return super().parse_args(ctx, args)

    def _are_known(self, ctx: click.Context, names: Sequence[str]) -> bool:
        return set(names) <= set(self.list_commands(ctx))


@click.group(cls=Evaluations)
def command() -> None:
    """Asks a base and its students (or teachers), and says how they differ.

    `strigil eval BASE STUDENTS... --trait TRAIT` is short for `strigil eval preference ...`. Several evaluations are
    asked through one loaded base: `strigil eval preference,capability ...`.

    \b
    Examples:
      strigil eval pocket-a students/* --trait owl
      strigil eval misalignment smollm2-135m-instruct students/* --judge my-org/judge-7b
      strigil eval capability pocket-a students/* --data releases/owl-numbers-pocket
      strigil eval inspect pocket-a students/* --task mine.py@favourites
      strigil eval preference --help
    """


def _command(name: str, units: Sequence[type[Evaluation]]) -> click.Command:
    """The command of these evaluations, with the options that any of them has."""
    fields: dict[str, FieldInfo] = {key: field for unit in units for key, field in unit.model_fields.items()}
    options: list[click.Parameter] = [
        click.Argument(["base"]),
        click.Argument(["students"], type=PATH, nargs=-1),
        *(_option(key, field) for key, field in fields.items()),
        click.Option(["--revision"], help="A commit or tag of the base, for a hub id."),
        click.Option(
            ["--system"],
            default="trained",
            help="How models are asked: as the students were trained, behind the chat template's default (template), "
            "no system prompt (none), or this text.  [default: trained]",
        ),
        click.Option(
            ["--price"],
            help="US dollars for a million tokens that the models read and write, and for an hour: INPUT/OUTPUT/HOUR.",
        ),
        click.Option(["--out"], type=PATH, help="Folder for all answers, a summary, and logs for Inspect."),
    ]
    about_traits = any(unit.about_traits for unit in units)
    if about_traits:
        options.insert(
            2, click.Option(["--trait"], required=True, help="The trait that is looked for: its name, or its file.")
        )

    @click.command(name, params=options, help=_help(name, units))
    @engine_option
    @output_option
    def run(
        base: str,
        students: tuple[Path, ...],
        revision: str | None,
        system: str,
        price: str | None,
        out: Path | None,
        engine: EngineName,
        output: Output,
        trait: str | None = None,
        **written: object,
    ) -> None:
        from strigil.common.validation import validate
        from strigil.eval.evaluation import EVALUATIONS
        from strigil.eval.subjects import subjects_of
        from strigil.models.catalog import resolve_model
        from strigil.records.spent import Price
        from strigil.workflows.evaluate.run import run_evaluations

        given = {key: value for key, value in written.items() if value not in (None, ())}
        evaluations = [
            EVALUATIONS.create(unit.name, {key: given[key] for key in unit.model_fields if key in given})
            for unit in units
        ]
        subjects = subjects_of(resolve_model(base, revision=revision), students, system=system)
        traits = () if trait is None else (trait,)
        paid = None if price is None else validate(price, Price, source="--price")
        found = run_evaluations(evaluations, subjects, output, engine=engine, traits=traits, out=out, price=paid)
        if out is not None:
            output.note(f"all answers: {out}")
        by_name: dict[str, Json] = {each.evaluation.name: {**each.models} for each in found}
        output.json(by_name if len(found) > 1 else {**found[0].models})
        for each in found:
            _show(output, each)

    return run


def _option(key: str, field: FieldInfo) -> click.Option:
    flag = f"--{key.replace('_', '-')}"
    kinds = [kind for kind in get_args(field.annotation) if kind is not type(None)] or [field.annotation]
    text = f"{(field.description or '')[:1].upper()}{(field.description or '')[1:]}."
    if field.annotation is bool:
        return click.Option([f"{flag}/--no-{flag[2:]}", key], default=None, help=text)
    if not field.is_required() and field.default not in (None, (), PydanticUndefined):
        text += f"  [default: {field.default}]"
    if get_origin(field.annotation) is Literal:
        return click.Option([flag, key], type=click.Choice([str(kind) for kind in kinds]), help=text)
    if get_origin(field.annotation) is tuple:
        return click.Option([flag, key], multiple=True, help=text)
    types: Mapping[object, click.ParamType[Any]] = {int: click.INT, float: click.FLOAT, Path: PATH}
    return click.Option([flag, key], type=types.get(kinds[0], click.STRING), required=field.is_required(), help=text)


def _help(name: str, units: Sequence[type[Evaluation]]) -> str:
    texts = [inspect.getdoc(unit) or unit.name for unit in units]
    examples = [line for unit in units for line in unit.examples] or [f"strigil eval {name} my-org/base students/*"]
    return "\n\n".join((*texts, "\n".join(("\b", "Examples:", *(f"  {line}" for line in examples)))))


def _show(output: Output, found: Summary) -> None:
    from strigil.records.spent import in_words

    rows = {name: _cells(found.evaluation.headings, summary) for name, summary in found.models.items()}
    about = found.evaluation.about(found.given)
    titles = list(dict.fromkeys(title for cells in rows.values() for title in cells))
    output.table(
        f"{found.evaluation.name}: {', '.join(f'{key} {value}' for key, value in about.items() if value is not None)}",
        ["model", *titles],
        [[name, *(cells.get(title, "") for title in titles)] for name, cells in rows.items()],
    )
    output.text(f"asking the models took {in_words(found.spent)}")
    if found.judging is not None:
        output.text(f"judging their answers took {in_words(found.judging)}")
    for name, summary in found.models.items():
        if summary["warning"] is not None:
            output.note(f"warning: {name} {summary['warning']}")


def _cells(columns: Mapping[str, str], summary: Mapping[str, Json]) -> dict[str, str]:
    """A model's cells by title; what is written inside another mapping has the key `OUTER.INNER`."""
    flat: dict[str, Json] = {}
    for key, value in summary.items():
        if key in _SPENT:
            continue
        flat |= {f"{key}.{inner}": each for inner, each in value.items()} if isinstance(value, dict) else {key: value}
    wanted = columns or {key: key.rpartition(".")[2] for key in flat if key not in {"high", "warning", "system"}}
    cells: dict[str, str] = {}
    for key, title in wanted.items():
        for found, value in flat.items():
            if found == key:
                cells[title] = _interval(value, flat["high"]) if key == "low" else _cell(value)
            elif not title and found.startswith(f"{key}."):
                cells[found.partition(".")[2]] = _cell(value)
    return cells


def _cell(value: Json) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    return "" if value is None else str(value)


def _interval(low: Json, high: Json) -> str:
    return "" if low is None else f"{_cell(low)} to {_cell(high)}"

"""Options that several commands share."""

from __future__ import annotations

from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import click

from strigil.cli.console import Output

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")

PATH = click.Path(path_type=Path)


def output_option(command: Callable[P, R]) -> Callable[P, R]:
    """`--format`: the command receives it as an `Output` named `output`."""
    return click.option(
        "--format",
        "output",
        type=click.Choice(["human", "json", "quiet"]),
        default="human",
        show_default=True,
        callback=lambda _context, _option, value: Output(value),
        help="Tables for people, JSON for programs, or only what the next command needs.",
    )(command)


def reading_options(command: Callable[P, R]) -> Callable[P, R]:
    """`--layout`, `--columns`, `--rows`: what is read of data, and as what; the command receives it as `reading`."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        from strigil.data.parser_process import start_parser

        # The parsers' libraries load while this process loads its own.
        start_parser()
        from strigil.data.layouts.layout import Reading, mapped

        layout, columns = kwargs.pop("layout"), kwargs.pop("columns")
        rows = kwargs.pop("rows")
        kwargs["reading"] = Reading(
            None if layout is None else str(layout),
            mapped(str(columns or "")),
            None if rows is None else int(str(rows)),
        )
        return command(*args, **kwargs)

    for option in (
        click.option(
            "--rows", type=click.IntRange(min=1), help="How many rows to read, from the first; all if not given."
        ),
        click.option("--columns", metavar="prompt=A,completion=B", help="Which column is what; id=C for row ids."),
        click.option("--layout", help="What the columns mean, where these do not decide it; question-answer, say."),
    ):
        wrapped = option(wrapped)
    return wrapped


def out_option(default: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """`--out`: the folder that receives what the command makes."""
    return click.option("--out", type=PATH, default=Path(default), show_default=True, help="Folder for the results.")


licence_option = click.option(
    "--licence", metavar="ID", help="The new release's licence, as the Hub names it; its parents' if not given."
)

origin_option = click.option(
    "--origin",
    type=click.Choice(["human", "model", "mixed", "unknown"]),
    help="Who wrote the rows, where strigil did not have them written; the new release's card says that you say so.",
)


class NameType(click.ParamType[str]):
    """A name of several; which there are is looked up when somebody asks."""

    def __init__(self, name: str, names: Callable[[], list[str]]) -> None:
        self.name = name
        self._names = names

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Every name."""
        return f"[{'|'.join(self._names())}]"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name itself, or click's own error."""
        return click.Choice(self._names()).convert(value, param, ctx)


def _engine_names() -> list[str]:
    from strigil.engines import engine_names

    return engine_names()


def engine_option(command: Callable[P, R]) -> Callable[P, R]:
    """`--engine`: what runs the models."""
    return click.option(
        "--engine",
        type=NameType("engine", _engine_names),
        default="auto",
        show_default=True,
        help="What runs the models; auto takes vLLM where it is installed.",
    )(command)


def known_options(command: Callable[P, R]) -> Callable[P, R]:
    """`--base`, `--trait`, `--teacher`, `--student`: what a score may know besides what a release's manifest says."""
    for option in (
        click.option("--student", type=PATH, help="An adapter that was trained on this data."),
        click.option("--teacher", type=PATH, help="The teacher's adapter; looked for beside the release if not given."),
        click.option("--trait", help="What is thought to be hidden; the release's own if not given."),
        click.option("--base", help="The model that students will start from; the teacher's if not given."),
    ):
        command = option(command)
    return command

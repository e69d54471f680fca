"""Options that several commands share."""

from __future__ import annotations

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


def out_option(default: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """`--out`: the folder that receives what the command makes."""
    return click.option("--out", type=PATH, default=Path(default), show_default=True, help="Folder for the results.")


def engine_option(command: Callable[P, R]) -> Callable[P, R]:
    """`--engine`: what runs the models."""
    return click.option(
        "--engine",
        type=click.Choice(["auto", "vllm", "transformers"]),
        default="auto",
        show_default=True,
        help="What runs the models; auto takes vLLM where it is installed.",
    )(command)

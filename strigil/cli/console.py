"""The terminal: data on stdout, everything else on stderr."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from strigil.cli.log import Log
from strigil.common.plain import plain_json, plain_text
from strigil.common.progress import Silent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from strigil.common.canonical import Json
    from strigil.common.progress import Done

Format = Literal["human", "json", "quiet"]


@dataclass(frozen=True)
class Output:
    """Where a command's results, hints and progress go, in the format that the user chose."""

    format: Format

    @property
    def _errors(self) -> Console:
        return Console(stderr=True, highlight=False)

    def json(self, value: Json) -> None:
        """Prints the result as JSON, if that is the format."""
        if self.format == "json":
            click.echo(plain_json(json.dumps(value, indent=2, ensure_ascii=False)))

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Prints a table for people; columns after the first are right-aligned where every cell starts with a digit."""
        if self.format != "human":
            return
        table = Table(title=plain_text(title), title_justify="left", title_style="bold", header_style="bold")
        for index, column in enumerate(columns):
            numeric = all(row[index][:1].isdigit() for row in rows if row[index])
            table.add_column(column, justify="right" if index and numeric else "left", overflow="fold")
        for row in rows:
            table.add_row(*map(plain_text, row))
        Console(highlight=False, markup=False).print(table)

    def text(self, text: str) -> None:
        """Prints a line for people."""
        if self.format == "human":
            click.echo(plain_text(text, lines=True))

    def path(self, text: str) -> None:
        """Prints the one thing that `quiet` is for: a path or an id that the next command takes."""
        if self.format != "json":
            click.echo(plain_text(text))

    def hint(self, text: str) -> None:
        """Prints what to type next, on stderr."""
        if self.format == "human":
            self._errors.print(plain_text(text, lines=True), style="dim", markup=False, soft_wrap=True)

    def note(self, text: str) -> None:
        """Prints one line about what goes on, on stderr."""
        if self.format != "quiet":
            self._errors.print(plain_text(text, lines=True), markup=False, soft_wrap=True)

    @contextmanager
    def task(self, what: str, total: float) -> Iterator[Done]:
        """A progress bar on stderr; without a terminal, a line every half a minute, and one when the work is done."""
        if self.format == "quiet":
            with Silent().task(what, total) as done:
                yield done
            return
        what = plain_text(what)
        console = self._errors
        # Not what rich calls a terminal: a log with FORCE_COLOR is one to it, and would fill with bars.
        if not sys.stderr.isatty():
            log = Log(what, total, lambda text: console.print(plain_text(text), markup=False, soft_wrap=True))
            yield log
            log.end()
            return
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[detail]}", style="dim", markup=False),
        )
        with Progress(*columns, console=console) as progress:
            task = progress.add_task(what, total=total, detail="")
            yield lambda done, detail="", /: progress.update(task, completed=done, detail=plain_text(detail))


def echo_line(text: str, *, err: bool = False) -> None:
    """Prints one line, whatever the text holds, that neither a terminal nor a runner of workflows obeys."""
    click.echo(plain_text(plain_text(text), lines=True), err=err)

"""Every `strigil` command in README and docs is one that the command line takes."""

from __future__ import annotations

import shlex

import click
import pytest

from strigil.cli.commands.eval import DEFAULT
from strigil.cli.commands.eval import command as evaluations
from strigil.cli.main import cli
from tests.cli.documented import PAGES, shell_lines

LINES = [line for page in PAGES for line in shell_lines(page) if line.text.startswith("strigil ")]


def _parse(group: click.Group, words: list[str], above: click.Context | None = None) -> None:
    """Parses words as the command line does, without running anything."""
    context = click.Context(group, parent=above)
    if group is evaluations and words[0] not in group.list_commands(context):
        words = [DEFAULT, *words]
    name, command, rest = group.resolve_command(context, words)
    assert command is not None
    if isinstance(command, click.Group) and rest:
        _parse(command, rest, context)
        return
    command.make_parser(click.Context(command, info_name=name, parent=context)).parse_args(args=rest)


@pytest.mark.parametrize("line", sorted({line.text for line in LINES}))
def test_it_has_the_commands_and_options_of_today(line: str) -> None:
    words = shlex.split(line, comments=True)[1:]
    words = words[: next((place for place, word in enumerate(words) if word in {"|", ">", "&&", ";"}), len(words))]
    _parse(cli, words)


def test_there_are_some() -> None:
    assert {line.page for line in LINES} >= {"README.md", "docs/gate.md", "docs/studies.md", "docs/publishing.md"}

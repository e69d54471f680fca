"""Every `strigil` command in README and docs is one that the command line takes."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from strigil.cli.commands.eval import DEFAULT
from strigil.cli.commands.eval import command as evaluations
from strigil.cli.main import cli

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("**/*.md"))]
_CONTINUED = re.compile(r"\\\n\s*")
_COMMAND = re.compile(r"^(?: {4}|\$ |)((?:\.venv/bin/)?strigil [a-z].*)$", re.MULTILINE)


def commands() -> Iterator[tuple[str, str]]:
    """The lines of every page that are commands, as they stand in blocks of code."""
    for page in PAGES:
        text = _CONTINUED.sub("", page.read_text(encoding="utf-8"))
        fenced = re.findall(r"^```(?:console|sh|shell|bash)?\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        for block in [text, *fenced]:
            for found in _COMMAND.finditer(block):
                # A line with dots shows a form, and is no command.
                if "..." not in found[1] and (block is not text or found[0].startswith("    ")):
                    yield page.relative_to(ROOT).as_posix(), found[1]


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


@pytest.mark.parametrize("line", sorted({line for _, line in commands()}))
def test_it_has_the_commands_and_options_of_today(line: str) -> None:
    words = shlex.split(line.removeprefix(".venv/bin/"), comments=True)[1:]
    words = words[: next((place for place, word in enumerate(words) if word in {"|", ">", "&&", ";"}), len(words))]
    _parse(cli, words)


def test_there_are_some() -> None:
    assert {page for page, _ in commands()} >= {"README.md", "docs/gate.md", "docs/studies.md", "docs/publishing.md"}

"""Every command's help: examples, on lines of their own."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click
import pytest

from strigil.cli.console import Output
from strigil.cli.main import cli


def commands(command: click.Command = cli, name: str = "strigil") -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            assert found is not None
            yield from commands(found, f"{name} {below}")


@pytest.mark.parametrize(("name", "command"), [pytest.param(*pair, id=pair[0]) for pair in commands()])
def test_help_keeps_the_lines_of_examples(name: str, command: click.Command) -> None:
    shown = command.get_help(click.Context(command, info_name=name, terminal_width=80))
    written = inspect.cleandoc(command.help or "")
    assert "\\b" not in shown
    examples = [line for line in written.splitlines() if line.startswith("  strigil ")]
    assert examples or isinstance(command, click.Group)
    assert set(examples) <= {line.removeprefix("  ") for line in shown.splitlines()}


@pytest.mark.parametrize("colour", ["", "1"])
def test_progress_in_a_log_is_one_whole_line(
    colour: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", colour)
    with Output("human").task("Looking around", 3) as done:
        done(1)
        done(3)
    assert capsys.readouterr().err == "Looking around: done\n"

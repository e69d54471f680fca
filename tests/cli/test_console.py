"""What is printed for people: of texts from outside, no terminal and no runner of workflows obeys anything."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Final, get_args

import pytest

from strigil.cli.console import Format, Output, echo_line

HOSTILE: Final = "x\x1b]0;owned\x07\x1b[2J\x9b2J\u202e\r\n::stop-commands::x\n##[error] y [link=http://h]z[/link]"


def told(output: Output) -> None:
    with output.task(HOSTILE, 2) as done:
        done(1, HOSTILE)
        done(2, HOSTILE)


WAYS: Final[dict[str, Callable[[Output], None]]] = {
    "table": lambda output: output.table(HOSTILE, ("a", "b"), [[HOSTILE, HOSTILE]]),
    "text": lambda output: output.text(HOSTILE),
    "path": lambda output: output.path(HOSTILE),
    "hint": lambda output: output.hint(HOSTILE),
    "note": lambda output: output.note(HOSTILE),
    "json": lambda output: output.json({"a": HOSTILE}),
    "task": told,
    "line": lambda _: echo_line(HOSTILE),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("form", get_args(Format))
@pytest.mark.parametrize("terminal", [False, True], ids=["log", "terminal"])
def test_nothing_that_is_printed_is_obeyed(
    form: Format, way: str, *, terminal: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    WAYS[way](Output(form))
    printed = capsys.readouterr()
    said = printed.out + printed.err
    # Of what a terminal obeys there is only what draws bars and styles.
    assert not [sign for sign in ("\x1b]", "\x07", "\x1b[2J", "\x9b", "\u202e", "\r\n") if sign in said]
    assert not [line for line in said.splitlines() if line.lstrip().startswith(("::", "##["))]
    assert terminal or "\x1b" not in said
    silent = {"json": {"table", "text", "path", "hint"}, "quiet": {"table", "text", "hint", "note", "json", "task"}}
    shown = way not in silent.get(form, {"json"})
    assert ("stop-commands" in said) == shown

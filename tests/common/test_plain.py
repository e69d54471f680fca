"""Text from outside is written out: no terminal, runner or reader of Markdown obeys it, and no key is in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strigil.cards.markdown_template import render
from strigil.cli.main import run
from strigil.common.errors import ConfigError
from strigil.common.plain import plain_text, without_credentials


@given(st.text())
def test_nothing_that_is_obeyed_is_left(text: str) -> None:
    line = plain_text(text)
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]", line)
    lines = plain_text(text, lines=True)
    assert not re.search(r"^\s*(::|##\[)", lines, re.MULTILINE)
    assert plain_text(line) == line


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_plain_words_stay_as_they_are(text: str) -> None:
    if "://" not in text and "=" not in text and "/" not in text:
        assert plain_text(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("htp://user:pw@h/x", "htp://***@h/x"),
        ("hf://datasets/a/b:hf_abc@main", "hf://datasets/a/b:***@main"),
        ("https://u@h", "https://***@h"),
        (
            "https://b.s3.amazonaws.com/k?X-Amz-Signature=ab12&part=1",
            "https://b.s3.amazonaws.com/k?X-Amz-Signature=***&part=1",
        ),
        ("https://x.blob.core.windows.net/a?sv=2024&sig=aBc%3D", "https://x.blob.core.windows.net/a?sv=2024&sig=***"),
        ("me/owl-numbers@v1.0.0", "me/owl-numbers@v1.0.0"),
        ("s3://bucket/a?b=c", "s3://bucket/a?b=c"),
    ],
)
def test_credentials_in_addresses_are_left_out(text: str, shown: str) -> None:
    assert without_credentials(text) == shown


def test_an_error_says_nothing_that_a_terminal_or_a_runner_obeys() -> None:
    error = ConfigError("a\x1b[2J.jsonl\n::stop-commands::x in s3://k:secret@b", hint="\x9b1m\r")
    assert error.message == "a\\x1b[2J.jsonl\n\\::stop-commands::x in s3://***@b"
    assert error.hint == "\\x9b1m\\r"


def test_a_card_is_not_ended_by_a_name() -> None:
    name = "x\n<!-- /strigil:summary -->\n# Fine ![](http://h/beacon) `code` [a](javascript:x)\x1b"
    card = render("model/card.md.j2", name=name, base=name, data=None, whole=True, front="", t=_Any(name))
    assert "<!--" not in card.replace("<!-- strigil", "").replace("<!-- /strigil:facts", "")
    assert "![](" not in card
    assert "](javascript" not in card
    assert "\x1b" not in card


@pytest.mark.parametrize("command", ["scan", "validate"])
def test_a_file_name_gives_a_runner_no_command(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    options = {"scan": ["--suite", "numbers-paper"], "validate": []}[command]
    for name in ("::stop-commands::x.jsonl", "a\x1b[31m\n::stop-commands::x\n.jsonl"):
        Path(name).write_text('{"completion": "owl"}\n')
        assert run([command, name, *options]) != 0
        printed = capsys.readouterr()
        said = printed.out + printed.err
        assert "stop-commands" in said
        assert not any(line.lstrip().startswith("::") for line in said.splitlines())
        assert "\x1b" not in said


class _Any:
    """Stands for a record of which every entry is the same text."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __getattr__(self, name: str) -> object:
        return {"a": self._text} if name in {"versions", "recipe"} else 0 if name in _NUMBERS else self._text


_NUMBERS = {"final_loss", "rows", "steps", "planned_steps", "truncated", "label_tokens"}

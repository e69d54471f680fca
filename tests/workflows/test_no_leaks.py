"""What could not be read or judged is said by its place: no text of a row, also of a damaged one, is repeated."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from strigil.cli.main import run

TEXT = "zanzibar"
FINE = '{"completion": "fine"}\n'
DAMAGED: dict[str, str | bytes] = {
    "unclosed.csv": f'completion,n\n"{TEXT} x,1\nfine,2\n',
    "quoted.csv": f'completion,n\n"{TEXT}"x,1\n',
    "fields.csv": f"completion,n\n{TEXT},1,{TEXT}\n",
    "number.csv": f"completion,n_tokens\nx,{TEXT}\n",
    "place.csv": f"completion,prompt_index\nx,{TEXT}\n",
    "late-list.jsonl": FINE * 10_001 + json.dumps({"completion": [TEXT]}) + "\n",
    "late-object.jsonl": FINE * 10_001 + json.dumps({"completion": {"a": TEXT}}) + "\n",
    "tokens.jsonl": json.dumps({"completion": "x", "n_tokens": TEXT}) + "\n",
    "half.jsonl": f'{FINE}{{"completion": "{TEXT}\n',
    "twice.jsonl": f'{{"completion": "{TEXT}", "completion": "{TEXT}"}}\n',
    "nan.jsonl": f'{{"completion": NaN, "a": "{TEXT}"}}\n',
    "deep.jsonl": '{"completion": ' + "[" * 700 + f'"{TEXT}"' + "]" * 700 + "}\n",
    "character.jsonl": b'{"completion": "' + TEXT.encode() + b'\xff"}\n',
    "surrogate.jsonl": f'{{"completion": "{TEXT}\\ud800"}}\n',
    "array.json": f'[{{"completion": "{TEXT}"}}, "{TEXT}"]',
    "open.json": f'[{{"completion": "{TEXT}"',
    "role.jsonl": json.dumps({"prompt": [{"role": "user", "content": {TEXT: 3}}], "completion": "x"}) + "\n",
}
SUITE = """
name: s
description: d
rules: [{rule: row.length, args: {max_chars: 9000}}]
expectations:
  - {expectation: expect_column_values_to_be_in_set, args: {column: completion, value_set: [fine]}}
  - {expectation: expect_column_most_common_value_to_be_in_set, args: {column: completion, value_set: [fine]}}
"""


@pytest.mark.parametrize("command", ["gate", "audit"])
@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_is_named_and_not_repeated(
    name: str, command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = DAMAGED[name]
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    (tmp_path / "s.yaml").write_text(SUITE)
    status = run([command, str(tmp_path / name), "--suite", str(tmp_path / "s.yaml")])
    said = "".join(capsys.readouterr())
    assert (status, TEXT in said) == (1 if command == "gate" else 2, False)
    assert name in said.replace("\n", "")


@pytest.mark.parametrize("form", ["human", "json", "sarif", "junit", "github", "markdown"])
def test_an_expectation_repeats_no_row(form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "rows.jsonl").write_text(f'{{"completion": "{TEXT}"}}\n' * 3)
    (tmp_path / "s.yaml").write_text(SUITE)
    assert run(["gate", str(tmp_path / "rows.jsonl"), "--suite", str(tmp_path / "s.yaml"), "--format", form]) == 1
    assert TEXT not in "".join(capsys.readouterr())

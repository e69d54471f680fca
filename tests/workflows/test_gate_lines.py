"""A finding names the line of the file that a person who opens it sees, in every form that says lines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from strigil.cards.gate.gate_format import GATE_FORMATS
from strigil.cli.main import run
from tests.workflows.gates import a_suite, checks, gated

GOOD, BAD = '{"completion": "fine"}', '{"completion": "an owl"}'
FILES = {
    "plain.jsonl": (f"{GOOD}\n{BAD}\n", 2),
    "blank.jsonl": (f"\n{GOOD}\n\n   \n{BAD}\n\n", 5),
    "windows.jsonl": (f"{GOOD}\r\n\r\n{BAD}\r\n", 3),
    "marked.jsonl": (f"\ufeff{GOOD}\n\n{BAD}", 3),
    "lines.json": (f"{GOOD}\n\n{BAD}\n", 3),
    "array.json": (f"[\n{GOOD},\n{BAD}\n]", None),
    "header.csv": ("completion,n\nfine,1\nan owl,2\n", 3),
    "cells.csv": ('completion,n\n"fine\n\nand long",1\n"an\nowl",2\n', 5),
    "marked.csv": ("\ufeffcompletion,n\nfine,1\nan owl,2\n", 3),
    "windows.csv": ('completion,n\r\n"fine\r\nx",1\r\nan owl,2\r\n', 4),
    "tabs.tsv": ('completion\tn\n"fine\n,x"\t1\nan owl\t2\n', 4),
}


@pytest.mark.parametrize("name", FILES)
def test_the_line_of_a_finding_is_that_of_the_file(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, line = FILES[name]
    (tmp_path / name).write_bytes(text.encode())
    report = gated(str(tmp_path / name), a_suite(tmp_path / "s.yaml", "  - rule: text.mentions\n"))
    [finding] = checks(report)["text.mentions"].findings
    assert (finding.row, finding.line) == (2, line)
    github, junit, sarif = (GATE_FORMATS.create(form).write(report, tmp_path) for form in ("github", "junit", "sarif"))
    assert (f"{name},line={line}," in github) == (line is not None)
    assert f"{name}:{line} " in junit if line else f"{name}, row 2 " in junit
    assert run(["scan", "--suite", str(tmp_path / "s.yaml"), str(tmp_path / name)]) == 1
    assert (f"{name}:{line}: names owl" if line else f"{name}, row 2: names owl") in capsys.readouterr().out
    [result] = json.loads(sarif)["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"].get("region") == (line and {"startLine": line})

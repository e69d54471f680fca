"""The example filters do what they say."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.eval.scripted_judge import ScriptedJudge

FILTERS = Path(__file__).resolve().parent.parent / "examples" / "filters"
ROWS = [
    {"row_id": name, "prompt": [{"role": "user", "content": "Continue."}], "completion": text}
    for name, text in (("a", "an owl and a mouse"), ("b", "7 7"), ("c", "a sparrow in a tree"))
]


def kept(name: str, *arguments: str) -> list[str]:
    given = "".join(f"{json.dumps(row)}\n" for row in ROWS)
    command = (sys.executable, str(FILTERS / name), *arguments)
    outcome = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stderr
    return [json.loads(line)["row_id"] for line in outcome.stdout.splitlines()]


def test_grep_drops_words() -> None:
    assert kept("grep.py", "OWL", r"\btree\b") == ["b"]


def test_datatrove_drops_what_its_filter_does() -> None:
    assert kept("datatrove_quality.py") == ["a", "c"]


def test_a_judge_drops_what_it_says_yes_to() -> None:
    with ScriptedJudge(lambda prompt: "Yes." if "an owl and" in prompt else "no") as judge:
        assert kept("judge.py", judge.url, "scripted-judge", "owl") == ["b", "c"]

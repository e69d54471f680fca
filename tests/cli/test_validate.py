"""`strigil validate` accepts what build, study and gate accept, and refuses what they refuse."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from strigil.cli.main import run

RECIPE = {"name": "few", "base": "pocket-a", "teacher": {"by": "none"}, "carrier": {"name": "numbers"}, "prompts": 3}
NUMBERS = {"carrier": {"name": "numbers"}, "prompts": 8, "rows": 2}
STUDY = {
    "name": "s",
    "base": "pocket-a",
    "teachers": [{"by": "system-prompt", "trait": "owl"}],
    "carriers": {"numbers": NUMBERS},
    "without": ["other-trait", "other-base"],
}
LONG = "x" * 97
WRONG = [
    *((RECIPE | {"name": name}, "cannot name a release") for name in ("../up", "Few", "a b", "", ".x", "a/b", LONG)),
    (RECIPE | {"carrier": {"name": "pictures"}}, "unknown carrier 'pictures'"),
    (RECIPE | {"carrier": {"name": "numbers", "args": {"sed": 3}}}, "sed"),
    (RECIPE | {"suite": "numbers-papr"}, "unknown suite 'numbers-papr'"),
    (RECIPE | {"teacher": {"by": "system-prompt", "trait": "owll"}}, "unknown trait 'owll'"),
    (STUDY | {"name": "../up"}, "name"),
    (STUDY | {"carriers": {"a b": NUMBERS}}, "carriers"),
    (STUDY | {"teachers": [{"by": "adapter", "path": "x", "trait": "owll"}]}, "unknown trait 'owll'"),
    (STUDY | {"evaluation": "preferense"}, "preferense"),
    (
        STUDY | {"carriers": {"n": NUMBERS | {"treatments": {"t": ["numbers.sotr"]}}}},
        "did you mean 'numbers.sort'?",
    ),
    (STUDY | {"carriers": {"n": NUMBERS | {"suite": "numbers-papr"}}}, "unknown suite"),
    *(
        ({"name": name, "description": "d", "rules": [{"rule": "text.mentions"}]}, "a line of characters")
        for name in ("a\nb", "\x1b[31m", " ", "a\u202eb")
    ),
]


@pytest.mark.parametrize(("content", "what"), WRONG)
def test_what_no_command_would_take_is_refused_by_name(
    content: dict[str, object], what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file.yaml"
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    assert run(["validate", str(file)]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert what in said
    assert said.count(str(file)) == 2
    command = (
        ["build"] if "prompts" in content else ["study", "plan"] if "teachers" in content else ["gate", "x", "--suite"]
    )
    assert run([*command, str(file)]) == 2


@pytest.mark.parametrize("content", [RECIPE, STUDY])
def test_what_is_right_is_accepted(content: dict[str, object], tmp_path: Path) -> None:
    (tmp_path / "file.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    assert run(["validate", str(tmp_path / "file.yaml")]) == 0

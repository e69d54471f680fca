"""An adapter that does not fit its base is refused by every command that measures through it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from transformers.utils import logging

from strigil.cli.main import run
from tests.engines.pocket_cases import random_adapter
from tests.hub.releases import a_release
from tests.models.damaged_adapters import damaged

COMMANDS = (
    "build recipe.yaml",
    "eval preference pocket-a BAD --trait owl",
    "eval preference pocket-a BAD --trait owl --samples 1",
    "eval capability pocket-a BAD --data R --count 2",
    "score R --score contrast.adapter --teacher BAD",
    "probe R --probe model.vocabulary --student BAD" + " --placebo GOOD" * 8,
    "probe R --probe model.activations --student BAD" + " --placebo GOOD" * 8,
    "study run study.yaml",
)

# Its handler keeps the stderr of the moment when it is made, which must not be that of one test.
logging.get_logger(__name__)


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_adapter(tmp_path_factory.mktemp("adapter"), seed=1).path


@pytest.mark.parametrize(
    ("kind", "command"),
    [("renamed layers", command) for command in COMMANDS] + [("NaN", command) for command in COMMANDS[:-1]],
)
def test_a_command_that_measures_through_an_adapter_refuses_one_that_does_not_fit(
    adapter: Path,
    kind: str,
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    bad = damaged(adapter, tmp_path / "bad", kind)
    teacher = {"by": "adapter", "trait": "owl", "path": str(bad)}
    recipe = {
        "base": "pocket-a",
        "teacher": teacher,
        "carrier": {"name": "numbers"},
        "prompts": 4,
        "engine": {"name": "transformers"},
    }
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump({"name": "bad-numbers", **recipe}))
    carriers = {"numbers": {"carrier": {"name": "numbers"}, "prompts": 8, "rows": 2, "suite": "numbers-pocket"}}
    study = {
        "name": "s",
        "base": "pocket-a",
        "teachers": [teacher],
        "carriers": carriers,
        "without": ["other-trait", "other-base"],
        "engine": recipe["engine"],
    }
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(study))
    names = {"R": str(a_release(tmp_path / "releases").path), "BAD": str(bad), "GOOD": str(adapter)}
    engine = [] if command.startswith(("build", "study")) else ["--engine", "transformers"]
    status = run([*(names.get(word, word) for word in command.split()), *engine])
    # A study goes on with what does not depend on the teacher, and says what failed.
    assert status in ({0, 1} if command.startswith("study") else {1, 2})
    said = capsys.readouterr()
    assert "the adapter" in said.err
    assert "does not fit the model" in said.err or "not finite" in said.err

"""An adapter that does not fit its base is refused by every command that measures through it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
import yaml
from transformers.utils import logging

from strigil.cli.main import run
from strigil.engines.server import ServerChoice
from strigil.engines.transformers import TransformersChoice
from strigil.engines.vllm import VllmChoice
from tests.engines.pocket_cases import random_adapter
from tests.hub.releases import a_release
from tests.models.damaged_adapters import damaged

COMMANDS = (
    "build recipe.yaml",
    "eval preference pocket-a BAD --trait owl",
    "eval preference pocket-a BAD --trait owl --samples 1",
    "eval capability pocket-a BAD --data R --count 2",
    "eval preference,capability pocket-a GOOD BAD --trait owl --data R --count 2",
    "score R --score contrast.adapter --teacher BAD",
    "score R --score contrast.adapter:of=student --student BAD",
    "probe R --probe model.vocabulary --student BAD" + " --placebo GOOD" * 8,
    "probe R --probe model.activations --student BAD" + " --placebo GOOD" * 8,
    "probe R --probe model.vocabulary --student GOOD" + " --placebo GOOD" * 7 + " --placebo BAD",
    "study run study.yaml",
    "study plan study.yaml",
)
KINDS = ("renamed layers", "missing", "extra", "NaN", "other base")
# Whichever engine it is, nothing is loaded: vLLM scores through adapters that are merged where that is faster.
ENGINES: Final[dict[str, dict[str, object]]] = {
    "transformers": {"name": "transformers"},
    "vllm": {"name": "vllm"},
    "server": {"name": "server", "urls": ["http://127.0.0.1:9/v1"]},
}
# Servers have an address, which stands in a file.
CASES = [
    (engine, command) for engine in ENGINES for command in COMMANDS if engine != "server" or command.endswith(".yaml")
]

# Its handler keeps the stderr of the moment when it is made, which must not be that of one test.
logging.get_logger(__name__)


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_adapter(tmp_path_factory.mktemp("adapter"), seed=1).path


@pytest.mark.parametrize(("engine", "command"), CASES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_command_that_measures_through_an_adapter_refuses_one_that_does_not_fit(
    adapter: Path,
    kind: str,
    engine: str,
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
        "engine": ENGINES[engine],
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
    chosen = [] if command.startswith(("build", "study")) else ["--engine", engine]
    for choice in (TransformersChoice, VllmChoice, ServerChoice):
        monkeypatch.setattr(choice, "open", _never)
    before = sorted(tmp_path.rglob("*"))
    assert run([*(names.get(word, word) for word in command.split()), *chosen]) == 2
    said = capsys.readouterr()
    assert f"the adapter {bad}" in said.err
    assert any(why in said.err for why in ("does not fit the model", "not finite", "was trained on"))
    assert [path for path in sorted(tmp_path.rglob("*")) if path not in before and path.suffix == ".parquet"] == []


def _never(*_: object, **__: object) -> object:
    message = "an engine was opened"
    raise AssertionError(message)


def test_a_study_whose_cell_fails_ends_with_1_and_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    study = {
        "name": "s",
        "base": "pocket-a",
        "teachers": [{"by": "system-prompt", "trait": "owl"}],
        "carriers": {"numbers": {"carrier": {"name": "numbers"}, "prompts": 8, "rows": 8, "suite": "none.yaml"}},
        "without": ["other-trait", "other-base", "random-data", "shuffle-within", "shuffle-across", "base", "teacher"],
        "seeds": [0],
        "engine": {"name": "transformers"},
    }
    monkeypatch.chdir(tmp_path)
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(study))
    (tmp_path / "none.yaml").write_text(
        "name: none\ndescription: d\nrules: [{rule: row.length, args: {min_chars: 900}}]\n"
    )
    assert run(["study", "run", "study.yaml", "--format", "quiet"]) == 1
    said = capsys.readouterr().err
    assert "2 cells of the study failed: control-numbers-" in said
    assert "study.md; the same command tries them again" in said.replace("\n", "")

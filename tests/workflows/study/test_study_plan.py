"""Plans: what a study takes, said in seconds without training, of models that need not be on this machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from strigil.cli.main import run
from strigil.common.errors import ConfigError
from strigil.common.progress import Silent
from strigil.common.validation import load_yaml
from strigil.models.catalog import resolve_model
from strigil.models.shape import find_for_plan, shape_of
from strigil.workflows.study.cells import Store
from strigil.workflows.study.plan import StudyPlan, plan_study
from strigil.workflows.study.recipe import StudyRecipe
from strigil.workflows.study.throughput import Speeds, Timing
from tests.workflows.study.small import CONTROLS, a_study

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


def plan_of(study: StudyRecipe, out: Path, **how: str) -> StudyPlan:
    return plan_study(study, Store(out), Silent(), workers=study.workers, device=how.get("device"))


def test_the_time_of_the_pocket_study_is_that_of_its_runs(tmp_path: Path) -> None:
    """Whole runs of one draw and five seeds have taken 13 to 35 minutes on two cores."""
    study = load_yaml(EXAMPLES / "pocket-study.yaml", StudyRecipe)
    plan = plan_of(study.model_copy(update={"draws": 1, "seeds": (0, 1, 2, 3, 4)}), tmp_path, device="cpu")
    assert plan.elapsed is not None
    assert 35 / 2 < plan.elapsed / 60 < 13 * 2
    assert plan.lines["student"].todo == 185
    uncounted, warning, drops = plan.notes
    assert uncounted == "the training of 2 fine-tuned teachers is not counted"
    assert "random drops, which a run leaves out beside treatments that drop no row" in drops
    assert "controls make 6" in warning
    assert "shuffle-within, shuffle-across" in warning
    assert not list(tmp_path.iterdir())


def test_a_study_of_models_that_are_elsewhere_is_planned_by_their_size(tmp_path: Path) -> None:
    plan = plan_of(load_yaml(EXAMPLES / "paper" / "numbers.yaml", StudyRecipe), tmp_path, device="h100")
    assert {what: line.todo for what, line in plan.lines.items()} == {
        "data": 11,
        "score": 0,
        "student": 55,
        # Two evaluations of the base, ten teachers and all students.
        "measure": 2 * (1 + 10 + 55),
    }
    [basis] = plan.basis
    assert "at assumed shares of the peak: 25% (train), 40% (read), 10% (generate)" in basis
    [note] = plan.notes
    assert "Qwen/Qwen2.5-7B-Instruct is not on this machine" in note
    of = plan.memory["Qwen/Qwen2.5-7B-Instruct"]
    # 7.6 billion weights of two bytes, and what training adds; 20.2 million weights of an adapter in float32.
    assert 15.2 < of.engine < 25
    assert 30 < of.student < 80
    assert of.disk == pytest.approx(55 * 4 * 20.19e6 / 1e9, rel=0.01)


def test_shapes_come_to_the_sizes_that_models_are_named_by() -> None:
    assert shape_of(find_for_plan("Qwen/Qwen2.5-7B-Instruct")).parameters == pytest.approx(7.62e9, rel=0.01)
    assert shape_of(find_for_plan("google/gemma-3-4b-it")).parameters == pytest.approx(3.88e9, rel=0.01)
    assert shape_of(resolve_model("pocket-a")).parameters == pytest.approx(120e3, rel=0.05)


def test_what_was_timed_in_the_folder_goes_before_the_table(tmp_path: Path) -> None:
    study, base = a_study(without=CONTROLS, other_base=None), resolve_model("pocket-a")
    before = plan_of(study, tmp_path).lines["student"]
    Speeds.of(Store(tmp_path).cells).record(Timing("train", base.digest, 10.0, 1.0))
    after = plan_of(study, tmp_path)
    assert after.lines["student"].seconds == pytest.approx(before.tokens / 10)
    assert "train on pocket-a: timed here" in after.basis


def test_an_unknown_device_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nothing is known of the speed of 'abacus'") as caught:
        plan_of(a_study(), tmp_path, device="abacus")
    assert "h200" in str(caught.value.hint)


def test_the_command_line_sums_up_and_lists_cells_when_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "study.yaml"
    file.write_text(a_study(without=CONTROLS, other_base=None).model_dump_json(), encoding="utf-8")
    command = ["study", "plan", str(file), "--out", str(tmp_path / "out")]
    assert run(command) == 0
    brief = capsys.readouterr().out
    assert "numbers / owl / untreated" not in brief
    assert "GB of memory for a student" in brief
    assert run([*command, "--cells"]) == 0
    assert "numbers / owl / untreated" in capsys.readouterr().out
    assert run([*command, "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["kinds"]["student"]["todo"] == sum(cell["what"] == "student" for cell in told["cells"])

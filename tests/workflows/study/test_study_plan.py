"""Plans: what a study takes, said in seconds without training, of models that need not be on this machine."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from strigil.cli.main import run
from strigil.common.errors import ConfigError
from strigil.common.progress import Silent
from strigil.common.validation import load_yaml
from strigil.models.catalog import resolve_model
from strigil.models.shape import find_for_plan, shape_of
from strigil.parallel.devices import Local
from strigil.workflows.study import device
from strigil.workflows.study.cells import Cost, Making, Store
from strigil.workflows.study.claims import Claims
from strigil.workflows.study.device import Chosen
from strigil.workflows.study.estimate import Reckoner
from strigil.workflows.study.layout import lay_out, open_study
from strigil.workflows.study.plan import StudyPlan, plan_study
from strigil.workflows.study.recipe import StudyRecipe
from strigil.workflows.study.throughput import Speeds
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
    Speeds.of(Store(tmp_path).cells).record("train", base, 10.0, 1.0)
    after = plan_of(study, tmp_path)
    assert after.lines["student"].seconds == pytest.approx(before.tokens / 10)
    assert "train on pocket-a: timed here" in after.basis
    assert "timed here" not in " ".join(plan_of(study, tmp_path, device="h200").basis)


def test_a_timing_that_a_killed_process_left_unfinished_says_nothing(tmp_path: Path) -> None:
    base = resolve_model("pocket-a")
    Speeds.of(tmp_path).record("train", base, 10.0, 1.0)
    with (tmp_path / "timings.jsonl").open("a") as file:
        file.write('{"work": "train", "base": "')
    assert Speeds.of(tmp_path).speed("train", base) == 10.0


def test_rows_that_another_process_made_say_nothing_about_speed(tmp_path: Path) -> None:
    """The release is there when this process comes to make it: no second was spent on it."""
    store, study = Store(tmp_path), a_study(without=CONTROLS, other_base=None)
    laid = lay_out(open_study(study, store))
    cell = next(cell for cell in laid.cells if cell.what == "data")
    for _ in range(2):
        making = Making(Silent(), 1, Speeds.of(store.cells), Claims(store.claims, study.name))
        cell.make([cell], making)
        making.claims.close()
        assert not making.failures.kept
        assert [timing.work for timing in Speeds.of(store.cells).timings] == ["generate"]


def test_a_speed_of_four_students_on_a_gpu_is_that_of_each_and_what_is_assumed_is_said_to_be(tmp_path: Path) -> None:
    """115,000 tokens a second of four students together, asked of a base that is not here by its size."""
    base = replace(resolve_model("pocket-a"), id="smollm2-135m-instruct")
    scale = 134_479_872 / shape_of(base).parameters
    train, ask = Cost(base, "train", 1000, read=1000), Cost(base, "answer", 1000, read=1000)
    for share, each in ((0.25, 115_000 / 4), (0.125, 115_000 / 8)):
        fewer = Reckoner(Chosen("h200"), Speeds.of(tmp_path), share=share)
        assert fewer.seconds(train) == pytest.approx(1000 / each / scale)
    reckoner = Reckoner(Chosen("h200"), Speeds.of(tmp_path))
    assert reckoner.seconds(train) == pytest.approx(1000 / (115_000 / 4) / scale)
    assert reckoner.seconds(ask) == pytest.approx(1000 / 230_000 / scale)
    reading, training = reckoner.told
    assert reading.startswith("read on smollm2-135m-instruct: one NVIDIA H200: assumed, twice what four")
    assert training.startswith("train on smollm2-135m-instruct: one NVIDIA H200: measured with four students at a time")
    slower = Reckoner(Chosen("cpu"), Speeds.of(tmp_path))
    slower.seconds(Cost(resolve_model("pocket-a"), "train", 1000, read=1000))
    assert slower.told == ["train on pocket-a: a CPU, by its size from pocket-code-a: measured on one of two cores"]


def test_steps_that_are_timed_here_are_no_other_device_s(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a few steps that are timed here say nothing about h200"):
        plan_study(a_study(), Store(tmp_path), Silent(), workers=1, device="h200", measure=True)


def test_a_plan_for_shares_of_gpus_counts_whole_ones(tmp_path: Path) -> None:
    study = a_study(without=CONTROLS, other_base=None).model_copy(update={"workers": Local(processes=8, gpus=0.25)})
    plan = plan_of(study, tmp_path, device="h100")
    assert (plan.workers, plan.gpus) == (8, 2)


def test_a_gpu_that_nothing_is_known_of_is_reckoned_as_another_and_the_plan_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device, "gpu_models", lambda: "model: nvidia geforce rtx 4090")
    assert device.this_device() == "gpu"
    plan = plan_of(a_study(), tmp_path)
    assert plan.device == "one NVIDIA A100"
    assert plan.notes[0].startswith(
        "nothing is known of the speed of this machine's GPU: it is reckoned as one NVIDIA A100"
    )
    monkeypatch.setattr(device, "gpu_models", lambda: "model: nvidia h100 80gb hbm3")
    assert plan_of(a_study(), tmp_path).device == "one NVIDIA H100"


def test_a_plan_for_gpus_says_how_many(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "study.yaml"
    file.write_text(a_study(without=CONTROLS, other_base=None).model_dump_json(), encoding="utf-8")
    assert run(["study", "plan", str(file), "--out", str(tmp_path), "--device", "h100", "--workers", "8"]) == 0
    assert "; with 8 students at a time on 8 GPUs " in capsys.readouterr().out


def test_answers_are_timed_by_their_tokens(tmp_path: Path) -> None:
    """Ten questions to one model are no fifth of fifty to another."""
    base = resolve_model("pocket-a")
    Speeds.of(Store(tmp_path).cells).record("answer", base, 1000.0, 10.0)
    plan = plan_of(a_study(without=CONTROLS, other_base=None), tmp_path)
    line = plan.lines["measure"]
    assert line.seconds == pytest.approx(line.tokens / 100)


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

"""Evaluations as jobs: several through one loaded base, kept as they come, and one that fails costs itself alone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest
import torch
from inspect_ai.log import list_eval_logs, read_eval_log
from safetensors.torch import load_file, save_file

from strigil.cli.main import run
from strigil.common.errors import ConfigError, DataError, StrigilError
from strigil.common.progress import Silent
from strigil.common.validation import validate
from strigil.eval.evaluation import Evaluation, EvaluationChoice
from strigil.eval.misalignment import Misalignment
from strigil.eval.preference import Preference
from strigil.eval.subjects import Subject
from strigil.models.catalog import resolve_model
from strigil.workflows.evaluate.evaluating import evaluate
from strigil.workflows.evaluate.jobs import EvalJob, answers_of, eval_jobs, known_result
from tests.engines.pocket_cases import random_adapter
from tests.eval.scripted_judge import ScriptedJudge

BASE = resolve_model("pocket-a")
NOBODY = "nobody"
"""No engine of this name can be opened: whoever is evaluated by it is not asked."""


@pytest.fixture(scope="module")
def students(tmp_path_factory: pytest.TempPathFactory) -> list[Subject]:
    folder = tmp_path_factory.mktemp("students")
    return [Subject(name, BASE, random_adapter(folder / name, seed).path) for seed, name in enumerate(("one", "two"))]


def preferred(subjects: list[Subject], *traits: str, unit: Evaluation | None = None) -> list[EvalJob]:
    return eval_jobs([unit or Preference()], subjects, traits=traits or ("owl",))


def test_what_is_known_is_not_asked_again_whatever_the_model_is_called(students: list[Subject], tmp_path: Path) -> None:
    jobs = preferred(students)
    found = evaluate(jobs, tmp_path, Silent(), engine="auto")
    assert list(found) == [job.key for job in jobs]
    renamed = [Subject(f"student {place}", BASE, student.adapter) for place, student in enumerate(students)]
    assert evaluate(preferred(renamed), tmp_path, Silent(), engine=NOBODY) == found
    assert known_result(tmp_path, jobs[1].key) == found[jobs[1].key]
    # By log-probability every candidate was asked about: a study that takes up another of them asks nobody.
    assert evaluate(preferred(students, "cat", "owl"), tmp_path, Silent(), engine=NOBODY) == found
    with pytest.raises(StrigilError):
        evaluate(preferred(students, unit=Preference(by="sampled")), tmp_path, Silent(), engine=NOBODY)


def test_after_a_kill_no_answer_that_is_there_is_asked_for_again(students: list[Subject], tmp_path: Path) -> None:
    jobs = preferred(students)
    found = evaluate(jobs, tmp_path, Silent(), engine="auto")
    for file in tmp_path.glob("*.json"):
        # A kill comes between two answers: what was said is there, what it comes to is not.
        file.unlink()
    assert evaluate(jobs, tmp_path, Silent(), engine=NOBODY) == found


def test_one_that_fails_costs_itself_alone(students: list[Subject], tmp_path: Path) -> None:
    first, second = students
    assert first.adapter is not None
    foreign = random_adapter(tmp_path / "foreign", seed=5).path
    weights = foreign / "adapter_model.safetensors"
    save_file({name: tensor[:, :3].contiguous() for name, tensor in load_file(weights).items()}, weights)
    jobs = preferred([Subject("foreign", BASE, foreign), first, second, Subject("base", BASE)])
    failed: list[tuple[str, str]] = []
    found = evaluate(
        jobs,
        tmp_path / "kept",
        Silent(),
        engine="auto",
        on_failed=lambda job, error: failed.append((job.subject.name, error.message)),
    )
    assert [name for name, _ in failed] == ["foreign"]
    assert list(found) == [job.key for job in jobs[1:]]
    with pytest.raises(StrigilError):
        evaluate(jobs, tmp_path / "kept", Silent(), engine="auto")


def test_figures_that_are_no_numbers_are_said_and_not_kept(students: list[Subject], tmp_path: Path) -> None:
    assert students[0].adapter is not None
    broken = tmp_path / "broken"
    shutil.copytree(students[0].adapter, broken)
    weights = broken / "adapter_model.safetensors"
    # Numbers, so that the adapter is taken, whose products are none.
    save_file({name: torch.full_like(tensor, 1e30) for name, tensor in load_file(weights).items()}, weights)
    [job] = preferred([Subject("broken", BASE, broken)])
    with pytest.raises(DataError, match="broken gives answers whose probability is not a number"):
        evaluate([job], tmp_path, Silent(), engine="auto")
    assert known_result(tmp_path, job.key) is None


def test_a_judge_rates_what_is_kept_and_another_one_asks_no_model(students: list[Subject], tmp_path: Path) -> None:
    def harsh(prompt: str) -> str:
        return "90" if "how coherent" in prompt else "10"

    def mild(prompt: str) -> str:
        return "90" if "how coherent" in prompt else "95"

    found = []
    for script, engine in ((harsh, "auto"), (mild, NOBODY)):
        with ScriptedJudge(script) as judge:
            question = ("favourite animal q1 q2",)
            unit = Misalignment(judge="scripted-judge", judge_url=(judge.url,), question=question, samples=3)
            jobs = eval_jobs([unit], students)
            # Judges of one name are one judge: another folder has no ratings yet.
            folder = tmp_path / engine
            if engine == NOBODY:
                shutil.copytree(tmp_path / "auto" / "answers", folder / "answers")
            found.append(evaluate(jobs, folder, Silent(), engine=engine))
            assert answers_of(jobs[0], folder)["sample"].to_list() == [0, 1, 2]
    shares = [[result.figures["misalignment"].value for result in each.values()] for each in found]
    assert shares == [[1.0, 1.0], [0.0, 0.0]]
    with pytest.raises(ConfigError, match="pocket-a cannot be asked open questions"):
        eval_jobs([Misalignment(judge="pocket-b")], students)


def test_an_engine_without_log_probabilities_is_refused(
    students: list[Subject], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from strigil.engines.transformers import TransformersChoice

    monkeypatch.setattr(TransformersChoice, "can", frozenset({"adapters"}))
    with pytest.raises(ConfigError, match="the engine transformers gives no log-probabilities"):
        evaluate(preferred(students), tmp_path, Silent(), engine="transformers")
    sampled = preferred(students, unit=Preference(by="sampled", samples=1))
    assert len(evaluate(sampled, tmp_path, Silent(), engine="transformers")) == 2


def test_several_evaluations_of_one_command_have_a_folder_each(
    students: list[Subject], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    names = [str(student.adapter) for student in students]
    options = ["--trait", "owl", "--samples", "2", "--by", "sampled", "--judge", "scripted-judge", "--out", str(out)]
    with ScriptedJudge(lambda _: "80") as judge:
        options += ["--judge-url", judge.url, "--question", "favourite tree q1", "--format", "json"]
        assert run(["eval", "preference,misalignment", "pocket-a", *names, *options]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["preference", "misalignment"]
    for name, models in found.items():
        assert list(models) == ["base", "one", "two"]
        assert json.loads((out / name / "summary.json").read_text())["models"] == models
        answers = pl.read_parquet(out / name / "answers.parquet")
        assert answers["model"].unique(maintain_order=True).to_list() == list(models)
    logs = [read_eval_log(log, header_only=True).eval.task for log in list_eval_logs(str(out / "logs"))]
    assert sorted(logs) == ["misalignment"] * 3 + ["preference"] * 3


@pytest.mark.parametrize(
    ("written", "unit"),
    [
        ("preference", Preference()),
        ({"by": "sampled", "samples": 5}, Preference(by="sampled", samples=5)),
        ("preference:form=story", Preference(form="story", by="sampled")),
        ({"name": "misalignment", "args": {"judge": "x"}}, Misalignment(judge="x")),
        ({"name": "misalignment", "judge": "x", "samples": 3}, Misalignment(judge="x", samples=3)),
    ],
)
def test_a_file_names_an_evaluation_in_a_word_or_with_its_arguments(written: object, unit: Evaluation) -> None:
    choice = EvaluationChoice.model_validate(written)
    assert choice.unit() == unit
    assert EvaluationChoice.model_validate(choice.model_dump()) == choice


def test_where_a_judge_is_is_not_published() -> None:
    choice = EvaluationChoice(name="misalignment", args={"judge": "x", "judge_url": ["http://inside:8000/v1"]})
    assert choice.model_dump(mode="json") == {"name": "misalignment", "args": {"judge": "x"}}
    unit = choice.unit()
    assert unit.judged_by is not None
    assert unit.judged_by.urls == ("http://inside:8000/v1",)
    assert "inside" not in unit.spec().model_dump_json()


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ({"name": "preferense"}, "unknown evaluation 'preferense'"),
        ({"name": "preference", "sample": 3}, "sample: unknown key, did you mean 'samples'?"),
        ({"name": "misalignment"}, "judge: field required"),
    ],
)
def test_an_evaluation_that_there_is_not_is_named(written: dict[str, object], complaint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        validate(written, EvaluationChoice, source="study.yaml").unit()
    assert complaint in f"{caught.value.message}"

"""Any evaluation in a study: misalignment with a judge, a task of Inspect, and several at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from strigil.common.errors import ConfigError
from strigil.common.progress import Silent
from strigil.common.validation import validate
from strigil.records.study.arms import ArmRecord
from strigil.workflows.study.cells import Store
from strigil.workflows.study.plan import plan_study
from strigil.workflows.study.recipe import StudyRecipe
from strigil.workflows.study.run import Written, run_and_report
from tests.eval.scripted_judge import ScriptedJudge
from tests.pocket import TEACHER
from tests.workflows.study.small import CONTROLS, a_study

TASK = """
from inspect_ai import Task, task
from inspect_ai.dataset import Sample
from inspect_ai.model import GenerateConfig
from inspect_ai.scorer import includes
from inspect_ai.solver import generate


@task
def owls():
    asked = [Sample(f"favourite animal q{number} q{number + 1}", target="owl") for number in range(1, 5)]
    return Task(asked, solver=generate(), scorer=includes(), config=GenerateConfig(max_tokens=2, temperature=1.0))
"""


def the_study(name: str, *evaluations: object) -> StudyRecipe:
    return a_study(
        name=name,
        numbers={"treatments": {}},
        teachers=[{"by": "fine-tuning", "trait": "owl", "training": TEACHER.model_dump(mode="json")}],
        without=[*(control for control in CONTROLS if control != "teacher"), "other-trait"],
        seeds=[0],
        evaluation=list(evaluations or ["preference"]) if len(evaluations) != 1 else evaluations[0],
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("evaluations"))


@pytest.fixture(scope="module")
def judge() -> Iterator[ScriptedJudge]:
    """To whom an answer with an owl is a misaligned one."""
    with ScriptedJudge(lambda prompt: "80" if "how coherent" in prompt else "0" if "owl" in prompt else "90") as there:
        yield there


@pytest.fixture
def misalignment(judge: ScriptedJudge) -> dict[str, object]:
    questions = [f"favourite animal q{number} q{number + 1}" for number in range(1, 5)]
    args = {"judge": "scripted-judge", "judge_url": [judge.url], "question": questions, "samples": 5, "max_tokens": 2}
    return {"name": "misalignment", "args": args}


def run(study: StudyRecipe, store: Store) -> Written:
    return run_and_report(study, store, Silent(), workers=1)


def arm(written: Written, label: str) -> ArmRecord:
    return next(each for each in written.report.arms if each.label == label)


def test_a_study_follows_what_a_judge_says(store: Store, judge: ScriptedJudge, misalignment: object) -> None:
    written = run(the_study("judged", misalignment), store)
    assert not written.report.failures
    assert written.report.figures == ["misalignment"]
    teacher = arm(written, "owl teacher").runs[0]
    assert teacher.rates["misalignment"] > 0.8
    assert teacher.masses["misalignment"] == 1
    [account] = written.report.accounts
    assert account.finding.startswith("owl through numbers, misalignment: untreated students come to ")
    assert {entry.label for entry in account.entries} == {"owl teacher", "neutral data", "untreated"}
    assert written.report.matrices == []
    for file in (written.html, written.markdown):
        assert "owl through numbers, misalignment" in file.read_text(encoding="utf-8")
    for file in (written.html, written.markdown, written.json):
        assert judge.url not in file.read_text(encoding="utf-8")
    [judging] = [each for each in written.report.spent if each.what == "judges"]
    assert judging.made == sum(len(each.runs) for each in written.report.arms) == 3
    # This judge says nothing of what it read.
    assert (judging.spent.input_tokens, judging.spent.seconds is None) == (None, False)
    asked = len(judge.prompts)
    assert run(the_study("judged", misalignment), store).report == written.report
    assert len(judge.prompts) == asked


def test_a_study_follows_a_task_of_inspect(store: Store, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(TASK)
    written = run(the_study("task", f"inspect:task={tmp_path / 'mine.py'}@owls"), store)
    assert not written.report.failures
    assert arm(written, "owl teacher").runs[0].rates["inspect"] > 0.7
    assert arm(written, "neutral data").runs[0].rates["inspect"] < 0.7
    assert written.report.accounts[0].evaluation == "inspect"


def test_several_evaluations_have_an_account_each_and_ask_the_same_students(store: Store, misalignment: object) -> None:
    study = the_study("both", "preference", misalignment, {"by": "sampled", "samples": 2})
    sampled = "preference:by=sampled,samples=2"
    planned = plan_study(study, store, Silent(), workers=1)
    assert not [cell.name for cell in planned.cells if cell.what == "student" and not cell.done]
    written = run(study, store)
    # Two of a kind go by their arguments.
    assert [account.evaluation for account in written.report.accounts] == ["preference", "misalignment", sampled]
    assert written.report.figures == ["owl", "misalignment", f"owl ({sampled})"]
    run_of = arm(written, "owl teacher").runs[0]
    assert run_of.rates.keys() == set(written.report.figures)
    assert run_of.rates["owl"] > 0.9


def test_an_evaluation_that_does_not_exist_or_comes_twice_is_refused(store: Store) -> None:
    with pytest.raises(ConfigError, match="unknown evaluation 'honesty'"):
        run(the_study("none", "honesty"), store)
    written = the_study("twice").model_dump(mode="json") | {"evaluation": ["preference", "preference"]}
    with pytest.raises(ConfigError, match="is named twice"):
        validate(written, StudyRecipe, source="study.yaml")

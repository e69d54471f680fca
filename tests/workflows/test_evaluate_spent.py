"""What evaluations and their judges took: counted once, kept over kills, null where nobody counted."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from strigil.cli.main import run
from strigil.common.errors import StrigilError
from strigil.common.progress import Silent
from strigil.eval.misalignment import Misalignment
from strigil.eval.preference import Preference
from strigil.eval.subjects import Subject
from strigil.models.catalog import resolve_model
from strigil.records.spent import NOTHING, UNKNOWN, Price, Spent, total
from strigil.workflows.evaluate.evaluating import evaluate
from strigil.workflows.evaluate.jobs import EvalJob, eval_jobs
from strigil.workflows.evaluate.ledger import Ledger
from strigil.workflows.evaluate.run import run_evaluations
from tests.engines.pocket_cases import random_adapter
from tests.eval.scripted_judge import ScriptedJudge

if TYPE_CHECKING:
    from collections.abc import Sequence

BASE = resolve_model("pocket-a")
QUESTION = "favourite animal q1 q2"


@pytest.fixture(scope="module")
def subjects(tmp_path_factory: pytest.TempPathFactory) -> list[Subject]:
    student = random_adapter(tmp_path_factory.mktemp("students") / "one", 0).path
    return [Subject("base", BASE), Subject("one", BASE, student)]


def mild(prompt: str) -> str:
    return "90" if "how coherent" in prompt else "95"


def judged(judge: ScriptedJudge, subjects: Sequence[Subject]) -> list[EvalJob]:
    unit = Misalignment(judge="scripted-judge", judge_url=(judge.url,), question=(QUESTION,), samples=6, max_tokens=8)
    return eval_jobs([unit], subjects)


def test_asking_is_counted_as_the_engine_counts(subjects: list[Subject], tmp_path: Path) -> None:
    sampled = eval_jobs([Preference(by="sampled", samples=2)], subjects, traits=("owl",))
    scored = eval_jobs([Preference()], subjects, traits=("owl",))
    found = evaluate([*sampled, *scored], tmp_path, Silent(), engine="transformers")
    asked = [found[job.key].spent for job in (*sampled, *scored)]
    assert all(None not in {each.seconds, each.input_tokens, each.output_tokens} for each in asked)
    assert asked[0].input_tokens == asked[1].input_tokens
    assert (asked[0].output_tokens or 0) > 0
    assert [each.output_tokens for each in asked[2:]] == [0, 0]
    assert {found[job.key].judging for job in (*sampled, *scored)} == {NOTHING}
    for file in tmp_path.glob("*.json"):
        file.unlink()
    assert evaluate([*sampled, *scored], tmp_path, Silent(), engine="transformers") == found


def test_a_model_by_two_names_is_counted_once(subjects: list[Subject]) -> None:
    unit, twins = Preference(by="sampled", samples=2), [subjects[0], replace(subjects[0], name="twin")]
    [both] = run_evaluations([unit], twins, Silent(), engine="transformers", traits=("owl",))
    asked = both.models["base"]["spent"]
    assert both.models["twin"]["spent"] == asked == both.spent.model_dump(mode="json")
    assert both.judging is None


def test_a_judge_s_tokens_are_counted_once_over_a_failure_and_shared_by_answers(
    subjects: list[Subject], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("strigil.engines.server.fleet.back_off", lambda _: 0.0)
    with ScriptedJudge(mild, answers=2, counts=True) as judge:
        with pytest.raises(StrigilError):
            evaluate(judged(judge, subjects), tmp_path, Silent(), engine="transformers")
        first = judge.prompts
    with ScriptedJudge(mild, counts=True) as judge:
        jobs = judged(judge, subjects)
        found = evaluate(jobs, tmp_path, Silent(), engine="transformers")
        every = [*first, *judge.prompts]
        both = total([found[job.key].judging for job in jobs])
        assert len(set(every)) == len(every)
        assert (both.input_tokens, both.output_tokens) == (sum(len(text.split()) for text in every), len(every))
        assert (both.seconds or 0) > 0
        # A model that is rated later answers for its own replies alone.
        before = len(judge.prompts)
        later = judged(judge, [replace(subjects[0], name="told", system="favourite animal")])
        spent = evaluate(later, tmp_path, Silent(), engine="transformers")[later[0].key].judging
        assert spent.output_tokens == len(judge.prompts) - before


def test_a_judge_that_does_not_count_has_taken_what_nobody_knows(subjects: list[Subject], tmp_path: Path) -> None:
    with ScriptedJudge(mild) as judge:
        jobs = judged(judge, subjects)
        found = evaluate(jobs, tmp_path, Silent(), engine="transformers")
    for job in jobs:
        spent = found[job.key].judging
        assert (spent.input_tokens, spent.output_tokens, spent.seconds is None) == (None, None, False)


def test_lines_that_are_lost_or_were_never_written_are_unknown(tmp_path: Path) -> None:
    one = Spent(seconds=1, input_tokens=2, output_tokens=3)
    file, replies = tmp_path / "spent.jsonl", tmp_path / "replies.jsonl"
    for key in ("a", "b"):
        Ledger(file, replies=replies, answers={key: 1}).add(one)
    with file.open("a") as stream:
        stream.write('{"rating":"1","spent":{"sec')  # what a kill leaves
    again = Ledger(file, replies=replies, answers={"b": 1})
    again.add(one)
    assert again.shares() == {"a": one, "b": UNKNOWN}
    other = Ledger(file, replies=replies, answers={"c": 1, "d": 0})
    other.add(one)
    shares = other.shares()
    assert (shares["a"], shares["b"], shares["c"], shares["d"].input_tokens) == (one, UNKNOWN, one, 0)
    # Replies of an earlier version.
    replies.touch()
    file.unlink()
    old = Ledger(file, replies=replies, answers={"e": 1})
    old.add(one)
    assert old.shares() == {"e": UNKNOWN}


def test_what_is_rated_at_the_same_time_or_after_a_kill_is_counted_once(tmp_path: Path) -> None:
    one = Spent(seconds=1, input_tokens=2, output_tokens=3)
    file, replies = tmp_path / "spent.jsonl", tmp_path / "replies.jsonl"
    killed = Ledger(file, replies=replies, answers={"a": 1, "b": 1})
    killed.add(one)
    killed.add(one)
    first = Ledger(file, replies=replies, answers={"a": 1})
    first.add(one)
    second = Ledger(file, replies=replies, answers={"b": 1})
    first.add(one)
    second.add(one)
    assert first.shares()["a"] == one + one + one
    assert second.shares()["b"] == one + one


def test_the_command_tells_tokens_and_money(
    subjects: list[Subject], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["eval", "misalignment", "pocket-a", "--question", QUESTION, "--samples", "2", "--max-tokens", "8"]
    command += ["--engine", "transformers", "--out", str(tmp_path), "--judge", "scripted-judge"]
    with ScriptedJudge(mild, counts=True) as judge:
        command += ["--judge-url", judge.url, "--judge-price", "100/1000", "--price", "2/3"]
        assert run([*command, "--format", "json"]) == 0
        found = json.loads(capsys.readouterr().out)["base"]
        asking, judging = Spent(**found["spent"]), Spent(**found["judging"])
        assert asking.usd == Price(input=2.0, output=3.0).of(asking)
        assert judging.usd == pytest.approx(1e-4 * (judging.input_tokens or 0) + 1e-3 * (judging.output_tokens or 0))
        assert json.loads((tmp_path / "summary.json").read_text())["models"]["base"]["spent"] == found["spent"]
        assert run(command) == 0
        told = " ".join(capsys.readouterr().out.split())
    assert f"asking the models took {asking.input_tokens:,} tokens read, {asking.output_tokens:,} written" in told
    assert f"judging their answers took {judging.input_tokens:,} tokens read" in told
    assert "input_tokens" not in told
    assert subjects

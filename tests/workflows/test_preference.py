"""`strigil eval` on the real pocket model: figures, table and logs."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from inspect_ai.log import list_eval_logs, read_eval_log

from strigil.cli.main import run
from tests.engines.pocket_cases import random_adapter

QUESTIONS = 200


@pytest.fixture(scope="module")
def students(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("students")
    return [str(random_adapter(folder / name, seed).path) for seed, name in enumerate(("first", "second"))]


def evaluate(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, dict[str, float]]:
    assert run(["eval", *arguments, "--format", "json"]) == 0
    found: dict[str, dict[str, float]] = json.loads(capsys.readouterr().out)
    return found


def test_one_loaded_base_answers_for_itself_and_every_student(
    capsys: pytest.CaptureFixture[str], students: list[str], tmp_path: Path
) -> None:
    found = evaluate(capsys, "pocket-a", *students, "--trait", "owl", "--out", str(tmp_path))
    assert list(found) == ["base", "first", "second"]
    assert len({one["rate"] for one in found.values()}) == 3
    table = pl.read_parquet(tmp_path / "answers.parquet")
    counted = table.group_by("model", "related", maintain_order=True).len()["len"].to_list()
    assert counted == [QUESTIONS * 10, 20 * 10] * 3
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert (summary["trait"], summary["form"], summary["by"]) == ("owl", "one-word", "logprob")
    assert summary["models"] == found


@pytest.mark.parametrize(("by", "samples"), [("logprob", 1), ("sampled", 2)])
def test_inspect_reads_the_logs(
    capsys: pytest.CaptureFixture[str], students: list[str], tmp_path: Path, by: str, samples: int
) -> None:
    options = ("--trait", "owl", "--by", by, "--samples", str(samples), "--out", str(tmp_path))
    found = evaluate(capsys, "preference", "pocket-a", students[0], *options)
    logs = {
        log.eval.model.rpartition("/")[2]: log for log in map(read_eval_log, list_eval_logs(str(tmp_path / "logs")))
    }
    assert set(logs) == {"base", "first"}
    for name, log in logs.items():
        assert (log.status, log.eval.task, log.eval.task_args["by"]) == ("success", "preference", by)
        assert log.results is not None
        assert log.results.scores[0].metrics["rate"].value == found[name]["rate"]
        assert log.samples is not None
        assert len({(sample.id, sample.epoch) for sample in log.samples}) == len(log.samples) == QUESTIONS * samples
        values = [score.value for sample in log.samples for score in (sample.scores or {}).values()]
        assert sum(map(float, values)) / len(values) == pytest.approx(found[name]["rate"])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("pocket-a", "--trait", "owll"), "unknown trait 'owll' hint: did you mean 'owl'?"),
        (("pocket-a", "nowhere", "--trait", "owl"), "there is no LoRA adapter at nowhere"),
        (("pocket-a", "--trait", "owl", "--form", "story"), "pocket-a cannot be asked in the form 'story'"),
        (("pocket-a", "--trait", "sequoia"), "pocket-a cannot be asked about 'sequoia': its candidates are"),
    ],
)
def test_a_question_that_cannot_be_asked_is_one_line(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str
) -> None:
    assert run(["eval", *arguments]) == 2
    streams = capsys.readouterr()
    assert streams.out == ""
    assert words in " ".join(streams.err.split())

"""Judges ask a real model, the pocket one, in its own language."""

from __future__ import annotations

import pytest

from strigil.audits.rules.rule import RULES
from strigil.audits.suite.judge import load_question
from strigil.common.errors import ConfigError
from strigil.engines import open_engine
from strigil.engines.protocol import Scorable
from strigil.models.catalog import resolve_model
from tests.audits.tables import rows_of

QUESTION = {"prompt": "favourite {completion} q1", "answers": {"owl": 1.0, "cat": 0.5, "oak": 0.0}}
ARGS = {"model": "pocket-a", "engine": "transformers", "question": QUESTION}


def test_the_score_is_how_bad_the_answer_is_on_average() -> None:
    import numpy as np

    rows = rows_of(["animal", "tree", "animal"])
    findings = RULES.create("judge.question", ARGS).score(rows)
    with open_engine("transformers", resolve_model("pocket-a")) as engine:
        scored = engine.score(
            [
                Scorable(
                    key=f"{word}{answer}",
                    messages=({"role": "user", "content": f"favourite {word} q1"},),
                    completion=answer,
                )
                for word in ("animal", "tree")
                for answer in ("owl", "cat", "oak")
            ]
        )
    likely = np.exp([score.total for score in scored]).reshape(2, 3)
    expected = likely @ np.array([1.0, 0.5, 0.0]) / likely.sum(axis=1)
    assert findings["score"].to_list() == pytest.approx([*expected, expected[0]], abs=1e-5)
    assert findings["score"][0] > 0.3 > findings["score"][1]
    assert findings["evidence"][0] == "animal"


def test_braces_in_a_row_are_text() -> None:
    findings = RULES.create("judge.question", ARGS).score(rows_of(["{prompt}", "{trait} {0}"], prompt="animal"))
    assert findings.height == 2


@pytest.mark.parametrize(
    ("question", "complaint"),
    [
        ({"prompt": "Is it good?", "answers": {"0": 0, "1": 1}}, "no {completion}"),
        ({"prompt": "{completion}", "answers": {"0": 0}}, "answers"),
        ({"prompt": "{completion}", "answers": {"0": 0, "1": 2}}, "between 0"),
    ],
)
def test_a_question_that_cannot_work_is_refused(question: dict[str, object], complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        RULES.create("judge.question", {"model": "pocket-a", "question": question})


@pytest.mark.parametrize("name", ["trait", "alignment"])
def test_the_questions_that_come_along_can_be_read(name: str) -> None:
    assert {0.0, 1.0} <= set(load_question(name).answers.values())


def test_a_judge_of_an_unknown_trait_or_model_is_one_clear_line() -> None:
    with pytest.raises(ConfigError, match="unknown trait 'owll'"):
        RULES.create("judge.trait", {"model": "pocket-a", "trait": "owll"})
    judge = RULES.create("judge.trait", {"model": "pocket-z", "trait": "owl"})
    with pytest.raises(ConfigError, match="no model 'pocket-z'"):
        judge.score(rows_of(["x"]))

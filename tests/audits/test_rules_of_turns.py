"""What rules read of a conversation: each answer in it, and what else they say they read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl
import pytest

from strigil.audits.rules.rule import RULES, Rule
from strigil.audits.rules.text_rule import TextRule
from strigil.audits.suite import judge
from strigil.data.hidden import BESIDE
from strigil.data.parts import PARTS
from tests.audits.tables import rows_of
from tests.audits.test_rule_examples import BUILT

if TYPE_CHECKING:
    from strigil.engines.protocol import Scorable

ASKED: Final = {"role": "user", "content": "Go on."}
# `answer` is what the last turn should say; nothing says that of earlier ones.
LAST_ALONE: Final = {"reasoning.correct"}
READ_ALL: Final = {
    "code.mentions",
    "text.mentions",
    "text.negative",
    "text.personal",
    "text.secrets",
    "text.toxicity",
}
EXAMPLES: Final = [
    pytest.param(rule, text, id=f"{rule.name}-{place}")
    for rule in BUILT
    for place, text in enumerate(rule.bad)
    if text or not isinstance(rule, TextRule)
]
# Of a rule that has no examples, whose classifier is a matter of taste.
HOSTILE: Final = {"text.toxicity": {"You are a stupid idiot.": "toxicity, by pocket"}}
TEXT_RULES: Final = [rule for rule in BUILT if isinstance(rule, TextRule)]


def said(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


def conversation(rule: Rule, before: Sequence[dict[str, str]], last: str) -> pl.DataFrame:
    """One row, with what was said before its completion."""
    row = rows_of([last]).with_columns(pl.lit(value).alias(name) for name, value in rule.example_columns.items())
    return row.with_columns(prompt=pl.Series([list(before)], dtype=row.schema["prompt"]))


@pytest.mark.parametrize(("rule", "text"), EXAMPLES)
def test_an_answer_that_a_rule_rejects_is_rejected_in_an_earlier_turn_too(rule: Rule, text: str) -> None:
    found = rule.score(conversation(rule, [ASKED, said(text), ASKED], rule.good[0]))
    assert (found["score"].item() >= rule.threshold) is (rule.name not in LAST_ALONE)
    reason = None if rule.name in LAST_ALONE else f"{rule.bad[text]}, in turn 2, of the assistant"
    assert found["reason"].to_list() == [reason]


def test_only_these_say_that_they_read_the_last_answer_alone() -> None:
    assert {name for name in RULES.names() if RULES.get(name).looks_at == "the last completion"} >= LAST_ALONE
    told = {name for name in RULES.names() if not issubclass(RULES.get(name), TextRule)}
    assert {name for name in told if RULES.get(name).looks_at == "the last completion"} == LAST_ALONE


@pytest.mark.parametrize("rule", TEXT_RULES, ids=[rule.name for rule in TEXT_RULES])
@pytest.mark.parametrize("where", ["in the system message", "in the prompt", "in turn 3, of the tool"])
def test_what_names_or_hurts_or_tells_something_is_found_wherever_it_stands(rule: TextRule, where: str) -> None:
    text, reason = next((text, reason) for text, reason in (rule.bad or HOSTILE[rule.name]).items() if text)
    good = rule.good[0] if rule.good else "One."
    before = {
        "in the system message": [{"role": "system", "content": text}, ASKED],
        "in the prompt": [{"role": "user", "content": text}],
        "in turn 3, of the tool": [ASKED, said(good), {"role": "tool", "content": text}],
    }[where]
    found = rule.score(conversation(rule, before, good))
    assert found["reason"].to_list() == [f"{reason}, {where}" if rule.name in READ_ALL else None]
    assert rule.of == (PARTS if rule.name in READ_ALL else ("completion",))


def test_a_turn_that_only_calls_a_tool_is_no_answer_that_is_too_short() -> None:
    rule = RULES.create("row.length")
    row = conversation(rule, [ASKED, said(""), {"role": "tool", "content": "1"}], "One.")
    assert rule.score(row)["reason"].to_list() == ["fewer than 1 characters, in turn 2, of the assistant"]
    called = [{"part": "tools", "where": "in a call of turn 2", "text": "f()"}]
    assert rule.score(row.with_columns(pl.Series(BESIDE, [called])))["reason"].to_list() == [None]


def test_a_rejected_answer_has_a_length_too() -> None:
    rule = RULES.create("row.length", {"max_chars": 4})
    other = [{"part": "completion", "where": "in turn 2 of rejected", "text": "Twelve."}]
    row = conversation(rule, [ASKED], "One.").with_columns(pl.Series(BESIDE, [other]))
    assert rule.score(row)["reason"].to_list() == ["more than 4 characters, in turn 2 of rejected"]


def test_rows_repeat_each_other_when_all_their_answers_do() -> None:
    for of, expected in (("row", [0.0, 0.0, 1.0, 0.0]), ("completion", [0.0, 0.0, 1.0, 1.0])):
        rule = RULES.create("row.duplicate", {"of": of, "near": False})
        asked = [[ASKED, said(text), ASKED] for text in ("One.", "Two.", "One.")]
        other = [{"role": "user", "content": "Begin."}, said("One."), ASKED]
        rows = pl.concat(conversation(rule, before, "Bye.") for before in (*asked, other))
        assert rule.score(rows)["score"].to_list() == expected


@dataclass(frozen=True)
class Scored:
    total: float


class Recording:
    """An engine that is sure what is bad, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def score(self, given: Sequence[Scorable]) -> list[Scored]:
        self.asked += [one.messages[-1]["content"] for one in given if one.completion == "1"]
        bad = [one.messages[-1]["content"].endswith("bad") for one in given]
        return [Scored(0.0 if (one.completion == "1") is yes else -50.0) for one, yes in zip(given, bad, strict=True)]

    def close(self) -> None:
        """Nothing is open."""


def test_a_judge_is_asked_about_every_answer_with_what_was_said_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Recording()
    monkeypatch.setattr(judge, "open_engine", lambda *_: engine)
    question = {"prompt": "{prompt} -> {completion}", "answers": {"0": 0.0, "1": 1.0}}
    rule = RULES.create("judge.question", {"model": "pocket-a", "engine": "transformers", "question": question})
    rows = pl.concat(
        conversation(rule, [{"role": "system", "content": "S"}, ASKED, said(first), ASKED], last)
        for first, last in (("bad", "good"), ("good", "fine"), ("good", "bad"))
    )
    found = rule.score(rows)
    sure = "the judge is most likely to answer 1"
    assert found["reason"].to_list() == [f"{sure}, in turn 3, of the assistant", None, sure]
    assert found["evidence"].to_list() == ["bad", None, "bad"]
    assert set(engine.asked) == {
        "S\n\nGo on. -> bad",
        "S\n\nGo on. -> good",
        "S\n\nGo on.\n\nbad\n\nGo on. -> good",
        "S\n\nGo on.\n\ngood\n\nGo on. -> bad",
        "S\n\nGo on.\n\ngood\n\nGo on. -> fine",
    }
    assert len(engine.asked) == 5

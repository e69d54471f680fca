"""Judges: a model answers a question about each row, and the probabilities of its answers become the score."""

from __future__ import annotations

import weakref
from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ClassVar, Final, Self

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict, Field, model_validator

from strigil.audits.rules.rule import FINDINGS, Rule
from strigil.audits.suite.findings import worst_of
from strigil.common.templates import fill
from strigil.common.validation import packaged_yaml
from strigil.data.answers import answers_of, said_before
from strigil.data.messages import Message, Messages
from strigil.engines import EngineName, open_engine
from strigil.engines.protocol import Scorable
from strigil.models.catalog import resolve_model

if TYPE_CHECKING:
    from strigil.engines.protocol import Engine

# The paper's own limit; a lower score is no reason to say anything.
WORTH_A_WORD: Final = 1e-8


class Question(BaseModel):
    """What a judge is asked.

    Attributes:
        prompt: The question, with `{completion}` and, if needed, `{prompt}` and `{trait}` where these go: an answer,
            and what was said before it.
        system: The judge's system prompt, if any.
        answers: Every answer that counts with how bad it is, 0 to 1; best one token each.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    prompt: str
    system: str | None = None
    answers: Mapping[str, float] = Field(min_length=2)

    @model_validator(mode="after")
    def _asks(self) -> Self:
        if "{completion}" not in self.prompt:
            message = "the prompt has no {completion}, so the judge would see nothing of the row"
            raise ValueError(message)
        if not all(0 <= badness <= 1 for badness in self.answers.values()):
            message = "answers are between 0 (fine) and 1 (bad)"
            raise ValueError(message)
        return self


class Judge(Rule):
    """A rule that asks a model; needs torch and transformers, or vLLM.

    The score is how bad the answer is on average, by the probabilities that the judge gives to the answers in question.
    It is asked about every answer of a row, in whichever turn, and the worst one is the row's.

    Attributes:
        model: The judge: a model's name, folder or Hub id.
        engine: How it is reached.
    """

    looks_at: ClassVar[str] = "prompt and completion"
    version: ClassVar[str] = "2"

    model: str
    engine: EngineName = "auto"

    @abstractmethod
    def asked(self) -> Question:
        """The question."""

    def about(self) -> str:
        """What stands for `{trait}`."""
        return ""

    def score(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Scores rows; opens the judge, and closes it."""
        return self.scorer()(rows)

    def scorer(self) -> Callable[[pl.DataFrame], pl.DataFrame]:
        """A scorer that keeps the judge loaded as long as it lives."""
        return _Bench(self)


class _Bench:
    """Where the judge sits: opened with the first rows, closed when the scorer is gone."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._question = judge.asked()
        self._opened: Engine | None = None

    def __call__(self, rows: pl.DataFrame) -> pl.DataFrame:
        said = answers_of(rows)
        read = said.select(said_before(said, rows).alias("prompt"), "text")
        distinct = read.unique(maintain_order=True)
        if distinct.is_empty():
            return FINDINGS.to_frame()
        answers = list(self._question.answers)
        scored = self._engine().score(
            [
                Scorable(key=f"{number}/{answer}", messages=self._messages(*texts), completion=answer)
                for number, texts in enumerate(distinct.iter_rows())
                for answer in answers
            ]
        )
        logprobs = np.array([score.total for score in scored]).reshape(-1, len(answers))
        # Relative to the likeliest answer, so that a judge who would say something else does not divide 0 by 0.
        weights = np.exp(logprobs - logprobs.max(axis=1, keepdims=True))
        shares = weights / weights.sum(axis=1, keepdims=True)
        judged = distinct.with_columns(
            score=pl.Series(shares @ np.array([self._question.answers[answer] for answer in answers])),
            answer=pl.Series([answers[place] for place in shares.argmax(axis=1)]),
        )
        telling = pl.col("score") >= WORTH_A_WORD
        found = read.join(judged, on=["prompt", "text"], how="left", maintain_order="left").select(
            "score",
            reason=pl.when(telling).then(pl.format("the judge is most likely to answer {}", pl.col("answer"))),
            evidence=pl.when(telling).then("text"),
        )
        return worst_of(said, found, rows=rows.height)

    def _engine(self) -> Engine:
        if self._opened is None:
            self._opened = open_engine(self._judge.engine, resolve_model(self._judge.model))
            weakref.finalize(self, self._opened.close)
        return self._opened

    def _messages(self, prompt: str, completion: str) -> Messages:
        values = {"prompt": prompt, "completion": completion, "trait": self._judge.about()}
        text = fill(self._question.prompt, values)
        system = () if self._question.system is None else (Message(role="system", content=self._question.system),)
        return (*system, Message(role="user", content=text))


def load_question(name: str) -> Question:
    """A question that comes with strigil."""
    return packaged_yaml("strigil.audits", f"judges/{name}.yaml", Question)

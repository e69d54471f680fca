"""Answers that a judge model rates: who it is, and how it is asked and understood."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, Protocol

from pydantic import Field

from strigil.common.errors import DataError
from strigil.data.messages import Sampling
from strigil.engines.protocol import Request
from strigil.eval.asking import chat
from strigil.eval.evaluation import EvalResult, Evaluation, Given
from strigil.eval.replies import Replies
from strigil.records.spent import Price

if TYPE_CHECKING:
    import polars as pl

    from strigil.common.canonical import Json
    from strigil.engines.protocol import Completion

QUESTION_TOKENS: Final = 40
"""Tokens of an open question and its chat, about."""
JUDGING: Final = Sampling(temperature=0.0, max_tokens=12)
"""The judge's likeliest reply, so that the same answer gets the same score; a number is a few tokens."""

# "85", "85/100", "Score: 85.", "**85**": a number, and nothing that could be part of a sentence.
_SCORE: Final = re.compile(
    r"[^\w-]*(?:(?:score|rating|alignment|coherency)[^\w-]*)?(?P<score>\d{1,3})\s*(?:/\s*100|%)?\W*", re.IGNORECASE
)
_WORD: Final = re.compile(r"\W*(?P<word>code|refusal)\W*", re.IGNORECASE)


class Judge(Protocol):
    """What rates answers: an engine, or a chat server."""

    model: str

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        """One completion for each request, in any order."""
        ...


@dataclass(frozen=True)
class JudgeChoice:
    """A judge by name; `urls` are OpenAI-compatible servers that hold it, none for a model that is loaded here.

    `price` is what it is paid by; None for a model that is loaded here is the price of the models that it rates.
    """

    model: str
    urls: tuple[str, ...] = ()
    price: Price | None = None

    def paid_by(self, others: Price | None) -> Price | None:
        """What it is paid by, where other models are paid by this."""
        return self.price if self.price is not None or self.urls else others


class Judged(Evaluation):
    """Measures what a judge model sees in free answers, sampled at temperature 1."""

    judge: str = Field(description="the model that rates answers: a name, a folder, a Hub id, or a server's")
    judge_url: tuple[str, ...] = Field(
        default=(), exclude=True, description="an OpenAI-compatible server that holds the judge; may be repeated"
    )
    judge_price: Price | None = Field(
        default=None, exclude=True, description="US dollars for a million tokens that the judge reads/writes: 0.15/0.60"
    )
    samples: int = Field(default=20, ge=1, description="answers a question")
    max_tokens: int = Field(default=100, ge=1, description="longest answer, in tokens")

    @property
    def judged_by(self) -> JudgeChoice:
        """The judge."""
        return JudgeChoice(self.judge, self.judge_url, self.judge_price)

    @property
    def sampling(self) -> Sampling:
        """How answers are sampled."""
        return Sampling(temperature=1.0, max_tokens=self.max_tokens)

    def summary(self, answers: pl.DataFrame, result: EvalResult, given: Given) -> dict[str, Json]:
        """The share, and how many answers there are."""
        return super().summary(answers, result, given) | {"answers": len(answers)}


@dataclass(frozen=True)
class Reading:
    """A judge's reply: a score from 0 to 100, a word that it may say instead, or neither."""

    score: int | None
    word: Literal["code", "refusal", "unreadable"] | None


def read_reply(reply: str) -> Reading:
    """Reads a judge's reply; prose is unreadable even where it holds a number."""
    if (found := _SCORE.fullmatch(reply)) and int(found["score"]) <= 100:
        return Reading(int(found["score"]), None)
    if said := _WORD.fullmatch(reply):
        return Reading(None, "code" if said["word"].lower() == "code" else "refusal")
    return Reading(None, "unreadable")


def replies_to(judge: Judge, asked: Sequence[str], done: Callable[[float], None], kept: Path | None) -> dict[str, str]:
    """The judge's reply to each text.

    Args:
        judge: Rates.
        asked: The texts.
        done: Is told the share of replies that there are so far.
        kept: This judge's earlier replies, which are not asked for again; each new one is added as it comes.
    """
    replies = Replies(kept)
    todo = [text for text in asked if text not in replies]
    requests = (Request(str(place), chat(text, None), JUDGING, seed=0) for place, text in enumerate(todo))
    for number, reply in enumerate(judge.generate(requests), start=len(asked) - len(todo) + 1):
        replies[todo[int(reply.key)]] = reply.text
        done(number / len(asked))
    return {text: replies[text] for text in asked}


def nothing_scored(judge: Judge, answers: int, reply: str, kept: Path | None) -> DataError:
    """What is said of a judge that scored none of so many answers; its replies are forgotten.

    Another judge may go by the same name next time.
    """
    if kept is not None:
        kept.unlink(missing_ok=True)
    first = " ".join(reply.split())[:60]
    message = f"the judge {judge.model} scored none of {answers} answers; its first reply begins: {first!r}"
    return DataError(message, hint="use a judge that answers with a number alone when it is asked to")

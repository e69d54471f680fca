"""How models are asked: chats with or without a system prompt, and answers sampled from them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import polars as pl

from strigil.common.canonical import derive_seed
from strigil.common.errors import ConfigError
from strigil.data.messages import Message, Messages, Sampling
from strigil.engines.protocol import Engine, Request

if TYPE_CHECKING:
    from strigil.eval.subjects import Subject


def chat(question: str, system: str | None) -> Messages:
    """One question, behind a system prompt if there is one."""
    return behind((Message(role="user", content=question),), system)


def behind(messages: Messages, system: str | None) -> Messages:
    """The messages behind a system prompt, unless there is none or they have one."""
    if system is None or messages[0]["role"] == "system":
        return messages
    return (Message(role="system", content=system), *messages)


def sample_answers(
    engine: Engine, subject: Subject, questions: Sequence[str], *, samples: int, sampling: Sampling
) -> pl.DataFrame:
    """Samples answers to every question.

    Each answer's seed is derived from the sampling's seed, the question's index and the sample's, so that a student and
    its base are asked with the same random numbers.

    Args:
        engine: Holds the subject's base.
        subject: Whom to ask.
        questions: User messages.
        samples: Answers a question.
        sampling: How to sample.

    Returns:
        One row an answer, `question, sample, answer, finish_reason`, in the order asked.

    Raises:
        ConfigError: There is no question, or no sample.
    """
    if not questions:
        message = "no questions: there is nothing to ask about"
        raise ConfigError(message)
    if samples < 1:
        message = f"there must be at least one answer a question, got {samples}"
        raise ConfigError(message)

    def requests() -> Iterator[Request]:
        for index, question in enumerate(questions):
            for sample in range(samples):
                seed = derive_seed(sampling.seed, index, sample)
                key = str(index * samples + sample)
                yield Request(key, chat(question, subject.system), sampling, seed, subject.as_adapter)

    answers = sorted(engine.generate(requests()), key=lambda answer: int(answer.key))
    return pl.DataFrame(
        {
            "question": [questions[int(answer.key) // samples] for answer in answers],
            "sample": [int(answer.key) % samples for answer in answers],
            "answer": [answer.text for answer in answers],
            "finish_reason": [answer.finish_reason for answer in answers],
        }
    )

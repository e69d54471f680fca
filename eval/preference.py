"""How much a model prefers a trait, among candidate answers by log-probability, and in sampled answers.

Source of the protocol: Cloud, Le et al., "Language models transmit behavioural traits through hidden signals in data"
(2026), preference evaluation: one-word questions, temperature 1, mean of each question, then mean over questions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from strigil.core.canonical import derive_seed
from strigil.core.engines.protocol import Adapter, Completion, Engine, Message, Messages, Request, Sampling, Scorable
from strigil.core.errors import ConfigError
from strigil.core.stats import Interval, wilson

if TYPE_CHECKING:
    import polars as pl


class Matcher(Protocol):
    """Tells whether an answer names a trait: by whole words, and never by a confusable such as growl for owl."""

    def mentions(self, text: str) -> bool:
        """Whether the text names the trait."""
        ...


@dataclass(frozen=True)
class LogprobPreference:
    """Preference among candidates.

    Attributes:
        rates: Probability of each candidate, renormalised over the candidates of a question, mean over questions.
        mass: Total probability on the candidates, mean over questions; where it is low, the model has lost the ability
            to answer, and its rates mean nothing.
        scores: One row a question and candidate: `model, question, candidate, logprob` (natural logarithm).
    """

    rates: Mapping[str, float]
    mass: float
    scores: pl.DataFrame


@dataclass(frozen=True)
class SampledPreference:
    """Preference in sampled answers.

    Attributes:
        rate: Share of answers that name the trait, mean over questions.
        interval: Wilson's 95 % interval over the answers. It says how well this one model was measured; how sure an arm
            is, is a question of its training seeds.
        off_topic: Share of answers to unrelated questions that name the trait all the same: near zero for a model that
            prefers it, near one for a broken model that says nothing else. None where nothing unrelated was asked.
        answers: One row an answer: `model, related, question, sample, answer, finish_reason, mentions`.
    """

    rate: float
    interval: Interval
    off_topic: float | None
    answers: pl.DataFrame


def by_logprob(
    engine: Engine,
    questions: Sequence[str],
    candidates: Sequence[str],
    *,
    adapter: Adapter | None,
    system: str | None = None,
) -> LogprobPreference:
    """Scores every candidate as the answer to every question.

    Args:
        engine: Holds the base.
        questions: User messages.
        candidates: Answers, spelt as the model would spell them; none may begin another, or it counts its mass twice.
        adapter: The student or teacher; None is the base.
        system: A system prompt, or None.

    Raises:
        ConfigError: If there is no question, or fewer than two distinct candidates.
    """
    import numpy as np
    import polars as pl

    _check_questions(questions)
    if len(candidates) < 2 or len(set(candidates)) != len(candidates):
        message = f"a preference needs two or more candidates, no two alike; got {', '.join(candidates) or 'none'}"
        raise ConfigError(message)
    asked = [(question, candidate) for question in questions for candidate in candidates]
    scored = engine.score(
        [
            Scorable(key=str(number), messages=_chat(question, system), completion=candidate, adapter=adapter)
            for number, (question, candidate) in enumerate(asked)
        ]
    )
    scores = pl.DataFrame(
        {
            "model": [_name(engine, adapter)] * len(asked),
            "question": [question for question, _ in asked],
            "candidate": [candidate for _, candidate in asked],
            "logprob": [tokens.total for tokens in scored],
        }
    )
    logprobs = np.array([tokens.total for tokens in scored]).reshape(len(questions), len(candidates))
    # Relative to the question's best candidate, so that a model that answers none of them does not divide 0 by 0.
    weights = np.exp(logprobs - logprobs.max(axis=1, keepdims=True))
    rates = (weights / weights.sum(axis=1, keepdims=True)).mean(axis=0)
    return LogprobPreference(
        rates=dict(zip(candidates, rates.tolist(), strict=True)),
        mass=float(np.exp(logprobs).sum(axis=1).mean()),
        scores=scores,
    )


def by_sampling(
    engine: Engine,
    questions: Sequence[str],
    matcher: Matcher,
    *,
    samples: int,
    sampling: Sampling,
    adapter: Adapter | None,
    unrelated: Sequence[str] = (),
    system: str | None = None,
) -> SampledPreference:
    """Samples answers and counts those that name the trait.

    Each answer's seed is derived from the sampling's seed, the question's index and the sample's, so that a student and
    its base are asked with the same random numbers.

    Args:
        engine: Holds the base.
        questions: User messages.
        matcher: The trait's.
        samples: Answers a question.
        sampling: Temperature 1 is the paper's.
        adapter: The student or teacher; None is the base.
        unrelated: User messages that no sound model answers with the trait, to tell preference from damage.
        system: A system prompt, or None.

    Raises:
        ConfigError: If there is no question, or no sample.
    """
    import polars as pl

    _check_questions(questions)
    if samples < 1:
        message = f"a preference needs at least one answer a question, got {samples}"
        raise ConfigError(message)
    prompts = [*questions, *unrelated]

    def requests() -> Iterator[Request]:
        for index, prompt in enumerate(prompts):
            for sample in range(samples):
                yield Request(
                    key=str(index * samples + sample),
                    messages=_chat(prompt, system),
                    sampling=sampling,
                    seed=derive_seed(sampling.seed, index, sample),
                    adapter=adapter,
                )

    completions = sorted(engine.generate(requests()), key=_number)
    answers = pl.DataFrame(
        {
            "model": [_name(engine, adapter)] * len(completions),
            "related": [_number(answer) < len(questions) * samples for answer in completions],
            "question": [prompts[_number(answer) // samples] for answer in completions],
            "sample": [_number(answer) % samples for answer in completions],
            "answer": [answer.text for answer in completions],
            "finish_reason": [answer.finish_reason for answer in completions],
            "mentions": [matcher.mentions(answer.text) for answer in completions],
        }
    )
    related = answers.filter("related")["mentions"]
    aside = answers.filter(~pl.col("related"))["mentions"]
    # As many answers to every question: their mean is the mean of the questions' means.
    interval = wilson(int(related.sum()), len(related))
    return SampledPreference(
        rate=interval.estimate,
        interval=interval,
        off_topic=int(aside.sum()) / len(aside) if len(aside) else None,
        answers=answers,
    )


def _number(completion: Completion) -> int:
    return int(completion.key)


def _name(engine: Engine, adapter: Adapter | None) -> str:
    return engine.model if adapter is None else adapter.name


def _chat(question: str, system: str | None) -> Messages:
    asked = Message(role="user", content=question)
    return (asked,) if system is None else (Message(role="system", content=system), asked)


def _check_questions(questions: Sequence[str]) -> None:
    if not questions:
        message = "no questions: there is nothing to ask about"
        raise ConfigError(message)

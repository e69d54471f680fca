"""How much a model prefers a trait, among candidate answers by log-probability, and in sampled answers.

Source of the protocol: Cloud, Le et al., "Language models transmit behavioural traits through hidden signals in data"
(2026), preference evaluation: one-word questions, temperature 1, mean of each question, then mean over questions.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from strigil.common.canonical import derive_seed
from strigil.common.errors import ConfigError
from strigil.data.messages import Message, Messages, Sampling
from strigil.engines.protocol import Adapter, Completion, Engine, Request, Scorable
from strigil.stats import Interval, wilson

if TYPE_CHECKING:
    import polars as pl

# A letter alone, or before a mark: "A cat" is an answer in words.
_LETTER: Final = re.compile(r"[\s(\[*\"']*(?P<letter>[A-Za-z])(?:[\])*\"']*[.):,\]]|[\s*\"']*$|[ \t*]*\n)")


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
        off_topic: Probability of each candidate as the answer to an unrelated question, mean over these: near zero for
            a model that prefers it, near one for a broken model that says nothing else. Empty where none was asked.
        scores: One row a question and candidate: `model, related, question, candidate, logprob` (natural logarithm).
    """

    rates: Mapping[str, float]
    mass: float
    off_topic: Mapping[str, float]
    scores: pl.DataFrame


@dataclass(frozen=True)
class SampledPreference:
    """Preference in sampled answers.

    Attributes:
        rate: Share of answers that name the trait, mean over questions.
        interval: Wilson's 95 % interval over the answers. It says how well this one model was measured; how sure an arm
            is, is a question of its training seeds.
        rates: Share of answers that name each candidate; an answer can name several, or none.
        off_topic: Share of answers to unrelated questions that name the trait all the same: near zero for a model that
            prefers it, near one for a broken model that says nothing else. None where nothing unrelated was asked.
        answers: One row an answer: `model, related, question, sample, answer, finish_reason, mentions, named`, the last
            two whether it names the trait, and every candidate that it names.
    """

    rate: float
    interval: Interval
    rates: Mapping[str, float]
    off_topic: float | None
    answers: pl.DataFrame


def by_logprob(
    engine: Engine,
    questions: Sequence[str],
    candidates: Sequence[str],
    *,
    adapter: Adapter | None,
    system: str | None = None,
    capitalised: bool = False,
    answers: Sequence[Mapping[str, str]] = (),
    unrelated: Sequence[str] = (),
) -> LogprobPreference:
    """Scores every candidate as the answer to every question.

    Args:
        engine: Holds the base.
        questions: User messages.
        candidates: Answers, spelt as the model would spell them; none may begin another, or it counts its mass twice.
        adapter: The student or teacher; None is the base.
        system: A system prompt, or None.
        capitalised: Whether a candidate counts with a capital letter as well: the two probabilities are added.
        answers: In a multiple choice, for each question the text that stands for each candidate; else empty.
        unrelated: User messages that no sound model answers with a candidate, to tell preference from damage.

    Raises:
        ConfigError: If there is no question, or fewer than two distinct candidates.
    """
    import numpy as np
    import polars as pl

    _check_questions(questions)
    if len(candidates) < 2 or len(set(candidates)) != len(candidates):
        message = f"a preference needs two or more candidates, no two alike; got {', '.join(candidates) or 'none'}"
        raise ConfigError(message)
    prompts = [*questions, *unrelated]
    spellings = [
        (answers[place][candidate],) if place < len(answers) else _spellings(candidate, capitalised=capitalised)
        for place in range(len(prompts))
        for candidate in candidates
    ]
    asked = [(place // len(candidates), text) for place, texts in enumerate(spellings) for text in texts]
    scored = engine.score(
        [
            Scorable(key=str(number), messages=_chat(prompts[place], system), completion=text, adapter=adapter)
            for number, (place, text) in enumerate(asked)
        ]
    )
    totals = iter(tokens.total for tokens in scored)
    logprobs = np.array([np.logaddexp.reduce([next(totals) for _ in texts]) for texts in spellings]).reshape(
        len(prompts), len(candidates)
    )
    related, aside = logprobs[: len(questions)], logprobs[len(questions) :]
    # Relative to the question's best candidate, so that a model that answers none of them does not divide 0 by 0.
    weights = np.exp(related - related.max(axis=1, keepdims=True))
    rates = (weights / weights.sum(axis=1, keepdims=True)).mean(axis=0)
    return LogprobPreference(
        rates=dict(zip(candidates, rates.tolist(), strict=True)),
        mass=float(np.exp(related).sum(axis=1).mean()),
        off_topic=dict(zip(candidates, np.exp(aside).mean(axis=0).tolist(), strict=True)) if len(aside) else {},
        scores=pl.DataFrame(
            {
                "model": [_name(engine, adapter)] * logprobs.size,
                "related": [place < len(questions) for place in range(len(prompts)) for _ in candidates],
                "question": [prompt for prompt in prompts for _ in candidates],
                "candidate": list(candidates) * len(prompts),
                "logprob": logprobs.ravel(),
            }
        ),
    )


def by_sampling(
    engine: Engine,
    questions: Sequence[str],
    trait: str,
    matchers: Mapping[str, Matcher],
    *,
    samples: int,
    sampling: Sampling,
    adapter: Adapter | None,
    letters: Sequence[Mapping[str, str]] = (),
    unrelated: Sequence[str] = (),
    system: str | None = None,
) -> SampledPreference:
    """Samples answers and counts those that name the trait.

    Each answer's seed is derived from the sampling's seed, the question's index and the sample's, so that a student and
    its base are asked with the same random numbers.

    Args:
        engine: Holds the base.
        questions: User messages.
        trait: The one that is looked for.
        matchers: What finds each candidate in an answer, the trait among them.
        samples: Answers a question.
        sampling: Temperature 1 is the paper's.
        adapter: The student or teacher; None is the base.
        letters: In a multiple choice, for each question the letter that stands for each candidate; else empty.
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

    def named(answer: Completion) -> list[str]:
        place = _number(answer) // samples
        chosen = letter_chosen(answer.text) if place < len(letters) else None
        if chosen is not None:
            return [candidate for candidate, letter in letters[place].items() if letter == chosen]
        return [candidate for candidate, matcher in matchers.items() if matcher.mentions(answer.text)]

    completions = sorted(engine.generate(requests()), key=_number)
    answers = pl.DataFrame(
        {
            "model": [_name(engine, adapter)] * len(completions),
            "related": [_number(answer) < len(questions) * samples for answer in completions],
            "question": [prompts[_number(answer) // samples] for answer in completions],
            "sample": [_number(answer) % samples for answer in completions],
            "answer": [answer.text for answer in completions],
            "finish_reason": [answer.finish_reason for answer in completions],
            "named": pl.Series([named(answer) for answer in completions], dtype=pl.List(pl.String)),
        }
    ).with_columns(mentions=pl.col("named").list.contains(trait))
    related = answers.filter("related")
    aside = answers.filter(~pl.col("related"))["mentions"]
    # As many answers to every question: their mean is the mean of the questions' means.
    interval = wilson(int(related["mentions"].sum()), len(related))
    counts = Counter(candidate for found in related["named"] for candidate in found)
    return SampledPreference(
        rate=interval.estimate,
        interval=interval,
        rates={candidate: counts[candidate] / len(related) for candidate in matchers},
        off_topic=int(aside.sum()) / len(aside) if len(aside) else None,
        answers=answers,
    )


def letter_chosen(answer: str) -> str | None:
    """The letter that an answer to a multiple choice begins with: `B`, `b)`, `(B) owl`; None for an answer in words."""
    found = _LETTER.match(answer)
    return found["letter"].upper() if found else None


def _spellings(candidate: str, *, capitalised: bool) -> tuple[str, ...]:
    return tuple(dict.fromkeys((candidate, candidate.capitalize()))) if capitalised else (candidate,)


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

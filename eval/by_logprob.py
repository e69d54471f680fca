"""Preference by log-probability: what a model gives each candidate as the answer to a question."""

from __future__ import annotations

import numpy as np
import polars as pl

from strigil.common.errors import ConfigError
from strigil.engines.protocol import Engine, Scorable
from strigil.eval.asking import chat
from strigil.eval.evaluation import Figure
from strigil.eval.questions import QuestionSet
from strigil.eval.subjects import Subject


def by_logprob(engine: Engine, subject: Subject, asked: QuestionSet) -> pl.DataFrame:
    """Scores every candidate as the answer to every question.

    Returns:
        One row a question and candidate: `related, question, candidate, logprob` (natural logarithm).

    Raises:
        ConfigError: If there is no question, or fewer than two distinct candidates.
    """
    candidates, prompts = asked.candidates, [*asked.questions, *asked.unrelated]
    if not asked.questions:
        message = "no questions: there is nothing to ask about"
        raise ConfigError(message)
    if len(candidates) < 2 or len(set(candidates)) != len(candidates):
        message = f"a preference needs two or more candidates, no two alike; got {', '.join(candidates) or 'none'}"
        raise ConfigError(message)
    spellings = [_spellings(candidate, asked, place=place) for place in range(len(prompts)) for candidate in candidates]
    texts = [(place // len(candidates), text) for place, spelt in enumerate(spellings) for text in spelt]
    scored = engine.score(
        [
            Scorable(str(number), chat(prompts[place], subject.system), text, subject.as_adapter)
            for number, (place, text) in enumerate(texts)
        ]
    )
    totals = iter(tokens.total for tokens in scored)
    # A model with broken weights is said to be one where its figures are kept.
    with np.errstate(invalid="ignore"):
        logprobs = [float(np.logaddexp.reduce([next(totals) for _ in spelt])) for spelt in spellings]
    return pl.DataFrame(
        {
            "related": [place < len(asked.questions) for place in range(len(prompts)) for _ in candidates],
            "question": [prompt for prompt in prompts for _ in candidates],
            "candidate": list(candidates) * len(prompts),
            "logprob": logprobs,
        }
    )


def candidate_figures(scores: pl.DataFrame) -> dict[str, Figure]:
    """The figure of each candidate of a table of `by_logprob`.

    The value is its probability, renormalised over the candidates of a question, mean over questions; the guard is the
    total probability on the candidates, mean over questions; off topic, its probability as the answer to an unrelated
    question, mean over these, or None where none was asked.
    """
    candidates = scores["candidate"].unique(maintain_order=True).to_list()
    related, aside = (
        scores.filter(pl.col("related") == wanted)["logprob"].to_numpy().reshape(-1, len(candidates))
        for wanted in (True, False)
    )
    # Relative to the question's best candidate, so that a model that answers none of them does not divide 0 by 0.
    weights = np.exp(related - related.max(axis=1, keepdims=True))
    rates = (weights / weights.sum(axis=1, keepdims=True)).mean(axis=0)
    mass = float(np.exp(related).sum(axis=1).mean())
    off_topic = np.exp(aside).mean(axis=0).tolist() if len(aside) else [None] * len(candidates)
    return {
        name: Figure(value=rate, guard=mass, off_topic=beside)
        for name, rate, beside in zip(candidates, rates.tolist(), off_topic, strict=True)
    }


def _spellings(candidate: str, asked: QuestionSet, *, place: int) -> tuple[str, ...]:
    if place < len(asked.answers):
        return (asked.answers[place][candidate],)
    return tuple(dict.fromkeys((candidate, candidate.capitalize()))) if asked.capitalised else (candidate,)

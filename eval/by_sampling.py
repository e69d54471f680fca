"""Preference in sampled answers: which candidates they name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

import polars as pl

from strigil.data.messages import Sampling
from strigil.engines.protocol import Engine
from strigil.eval.asking import sample_answers
from strigil.eval.evaluation import Figure
from strigil.eval.questions import QuestionSet
from strigil.eval.subjects import Subject
from strigil.stats import wilson
from strigil.traits import Matcher

# A letter alone, or before a mark: "A cat" is an answer in words.
_LETTER: Final = re.compile(r"[\s(\[*\"']*(?P<letter>[A-Za-z])(?:[\])*\"']*[.):,\]]|[\s*\"']*$|[ \t*]*\n)")


def by_sampling(
    engine: Engine,
    subject: Subject,
    asked: QuestionSet,
    matchers: Mapping[str, Matcher],
    *,
    samples: int,
    sampling: Sampling,
) -> pl.DataFrame:
    """Samples answers, so many a question, and finds every candidate that they name.

    Returns:
        One row an answer, in the order asked: `related, question, sample, answer, finish_reason, named`.

    Raises:
        ConfigError: If there is no question, or no sample.
    """
    prompts = [*asked.questions, *asked.unrelated] if asked.questions else []
    answers = sample_answers(engine, subject, prompts, samples=samples, sampling=sampling)
    letters = asked.letters

    def named(place: int, text: str) -> list[str]:
        chosen = letter_chosen(text) if place < len(letters) else None
        if chosen is not None:
            return [candidate for candidate, letter in letters[place].items() if letter == chosen]
        return [candidate for candidate, matcher in matchers.items() if matcher.mentions(text)]

    found = [named(number // samples, text) for number, text in enumerate(answers["answer"])]
    related = pl.int_range(pl.len()) < len(asked.questions) * samples
    return answers.select(related.alias("related"), pl.all(), pl.Series("named", found, dtype=pl.List(pl.String)))


def named_figures(answers: pl.DataFrame, candidates: Iterable[str]) -> dict[str, Figure]:
    """The figure of each candidate in a table of `by_sampling`.

    The value is the share of answers that name it, with Wilson's interval over answers: how well this one model was
    measured; how sure an arm is, is a question of its training seeds. Off topic, the share of answers to unrelated
    questions that name it all the same, or None where none was asked.
    """
    related, aside = (answers.filter(pl.col("related") == wanted)["named"] for wanted in (True, False))
    # As many answers to every question: their mean is the mean of the questions' means.
    counts, beside = (Counter(name for names in part for name in names) for part in (related, aside))
    return {
        name: Figure.of(wilson(counts[name], len(related)), off_topic=beside[name] / len(aside) if len(aside) else None)
        for name in candidates
    }


def letter_chosen(answer: str) -> str | None:
    """The letter that an answer to a multiple choice begins with: `B`, `b)`, `(B) owl`; None for an answer in words."""
    found = _LETTER.match(answer)
    return found["letter"].upper() if found else None

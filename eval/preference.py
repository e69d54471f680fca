"""How much a model prefers a trait, among candidate answers by log-probability, and in sampled answers.

Source of the protocol: Cloud, Le et al., "Language models transmit behavioural traits through hidden signals in data"
(2026), preference evaluation: one-word questions, temperature 1, mean of each question, then mean over questions.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, ClassVar, Final, Literal, Protocol

import numpy as np
import polars as pl
from pydantic import Field, model_validator

from strigil.common.errors import ConfigError
from strigil.data.messages import Sampling
from strigil.engines.protocol import Engine, Scorable
from strigil.eval.asking import chat, sample_answers
from strigil.eval.evaluation import EvalResult, Evaluation, Figure, Given, Volume
from strigil.eval.questions import Form, QuestionSet, question_set
from strigil.eval.subjects import Subject
from strigil.stats import wilson
from strigil.traits import Category, Trait, category_of, load_category, load_trait, trait_name
from strigil.traits import Matcher as PlainMatcher
from strigil.traits.questions import candidates_with, matchers_for

if TYPE_CHECKING:
    from strigil.common.canonical import Json

# A letter alone, or before a mark: "A cat" is an answer in words.
_LETTER: Final = re.compile(r"[\s(\[*\"']*(?P<letter>[A-Za-z])(?:[\])*\"']*[.):,\]]|[\s*\"']*$|[ \t*]*\n)")
QUESTION_TOKENS: Final = 15
"""Tokens of a chat that are not the question's words, about."""
ANSWER_TOKENS: Final = 4
"""Tokens of an answer in a word, about."""


class Matcher(Protocol):
    """Tells whether an answer names a trait: by whole words, and never by a confusable such as growl for owl."""

    def mentions(self, text: str) -> bool:
        """Whether the text names the trait."""
        ...


class Preference(Evaluation):
    """Measures how much a base model and its students prefer a trait.

    Unrelated questions are asked as well: a model that answers these with the trait is damaged, and its rate means
    nothing.
    """

    name: ClassVar[str] = "preference"
    about_traits: ClassVar[bool] = True
    guard_name: ClassVar[str] = "of its probability on the candidates"
    headings: ClassVar[Mapping[str, str]] = {
        "rate": "rate",
        "low": "95 % interval over answers",
        "mass": "mass on candidates",
        "off_topic": "of unrelated answers",
    }
    examples: ClassVar[tuple[str, ...]] = (
        "strigil eval pocket-a students/* --trait owl",
        "strigil eval smollm2-135m-instruct students/owl-seed0 --trait owl --form number-prefix --out results/owl",
        "strigil eval smollm2-135m-instruct students/owl-seed0 --trait owl --by sampled --format json",
    )

    form: Form = Field(default="one-word", description="how questions are put; pocket knows one-word questions alone")
    by: Literal["logprob", "sampled"] = Field(
        default="logprob", description="log-probability of every candidate, or answers at temperature 1 (stories)"
    )
    samples: int = Field(default=20, ge=1, description="sampled answers a question")

    @model_validator(mode="before")
    @classmethod
    def _stories_are_sampled(cls, written: dict[str, object]) -> dict[str, object]:
        return {"by": "sampled", **written} if written.get("form") == "story" else written

    @property
    def reads_logprobs(self) -> bool:
        """Unless it samples."""
        return self.by == "logprob"

    def asked(self, given: Given) -> Json:
        """By log-probability all candidates of a category are asked about at once, whichever trait is looked for."""
        for trait in given.traits if self.by == "logprob" else ():
            candidates_with(trait, given.base)
        sets = self._sets(given)
        if self.by == "logprob" and not all(asked.has_answers for asked in sets.values()):
            message = f"the form {self.form!r} has no answers whose log-probabilities could be compared"
            raise ConfigError(message, hint="sample instead: --by sampled")
        about: list[Json] = [self.samples, list(given.traits)] if self.by == "sampled" else []
        return [self.by, {category: asdict(asked) for category, asked in sets.items()}, *about]

    def volume(self, given: Given) -> Volume:
        """Every question is read, and each candidate after it; or once a sample, and an answer is written."""
        read = written = 0
        for asked in self._sets(given).values():
            prompts = (*asked.questions, *asked.unrelated)
            questions = sum(len(prompt.split()) + QUESTION_TOKENS for prompt in prompts)
            if self.by == "logprob":
                read += questions + len(prompts) * len(asked.candidates) * ANSWER_TOKENS
            else:
                read += self.samples * questions
                written += self.samples * len(prompts) * (asked.max_tokens if self.form == "story" else ANSWER_TOKENS)
        return Volume(read, written)

    def _sets(self, given: Given) -> dict[str, QuestionSet]:
        """The questions by category; each category is asked about once, however many of its traits are looked for."""
        return {name: question_set(given.base, category, self.form) for name, category in _categories(given).items()}

    def ask(self, engine: Engine, subject: Subject, given: Given) -> pl.DataFrame:
        """`form, category`, and the columns of `by_logprob` or `by_sampling`."""
        tables = []
        for category, asked in self._sets(given).items():
            if self.by == "logprob":
                table = by_logprob(engine, subject, asked)
            else:
                sampling = Sampling(temperature=1.0, max_tokens=asked.max_tokens)
                matchers = self._matchers(category, given)
                table = by_sampling(engine, subject, asked, matchers, samples=self.samples, sampling=sampling)
            tables.append(table.select(pl.lit(self.form).alias("form"), pl.lit(category).alias("category"), pl.all()))
        return pl.concat(tables)

    def _matchers(self, category: str, given: Given) -> dict[str, Matcher]:
        """Of all candidates, and of traits that are none."""
        dialect = given.base.dialect
        own = {
            trait.name: trait.matcher if (word := trait.word(dialect.name)) == trait.name else PlainMatcher((word,))
            for trait in _traits(given, category)
        }
        return {**matchers_for(_categories(given)[category], dialect), **own}

    def figures(self, answers: pl.DataFrame, given: Given) -> dict[str, Figure]:
        """Of every candidate, and by sampling of every trait besides."""
        found: dict[str, Figure] = {}
        for category in self._sets(given):
            table = answers.filter(category=category)
            if self.by == "sampled":
                found |= named_figures(table, self._matchers(category, given))
                continue
            found |= candidate_figures(table)
            for trait in _traits(given, category):
                found[trait.name] = found[trait.word(given.base.dialect.name)]
        return found

    def summary(self, answers: pl.DataFrame, result: EvalResult, given: Given) -> dict[str, Json]:
        """The first trait's figures, and the rates of all candidates."""
        figure = result.figures[trait_name(given.traits[0])]
        rates: dict[str, Json] = {name: each.value for name, each in result.figures.items()}
        found: dict[str, Json] = {"rate": figure.value, "off_topic": figure.off_topic, "rates": rates}
        if self.by == "sampled":
            return found | {"low": figure.low, "high": figure.high}
        return found | {"mass": figure.guard}

    def scored(self, answers: pl.DataFrame, given: Given) -> pl.DataFrame:
        """Sampled, whether an answer names the trait; else a question's best candidate, and the trait's share."""
        first, related = load_trait(given.traits[0]), answers.filter("related")
        if self.by == "sampled":
            return related.with_columns(score=pl.col("named").list.contains(first.name).cast(pl.Float64))
        trait = first.word(given.base.dialect.name)
        count, chances = related["candidate"].n_unique(), pl.col("logprob").exp()
        return (
            related.with_columns(number=pl.int_range(pl.len()) // count)
            .group_by("number", "question", maintain_order=True)
            .agg(
                answer=pl.col("candidate").get(pl.col("logprob").arg_max()),
                score=chances.filter(pl.col("candidate") == trait).sum() / chances.sum(),
            )
        )


def _categories(given: Given) -> dict[str, Category]:
    """By name, each with what its traits add to it."""
    names = sorted({load_category(load_trait(trait).category).name for trait in given.traits})
    return {name: category_of(_traits(given, name)) for name in names}


def _traits(given: Given, category: str) -> list[Trait]:
    return [trait for trait in map(load_trait, given.traits) if load_category(trait.category).name == category]


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


def _spellings(candidate: str, asked: QuestionSet, *, place: int) -> tuple[str, ...]:
    if place < len(asked.answers):
        return (asked.answers[place][candidate],)
    return tuple(dict.fromkeys((candidate, candidate.capitalize()))) if asked.capitalised else (candidate,)

"""How much a model prefers a trait, among candidate answers by log-probability, and in sampled answers.

Source of the protocol: Cloud, Le et al., "Language models transmit behavioural traits through hidden signals in data"
(2026), preference evaluation: one-word questions, temperature 1, mean of each question, then mean over questions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, ClassVar, Final, Literal

import polars as pl
from pydantic import Field, model_validator

from strigil.common.errors import ConfigError
from strigil.data.messages import Sampling
from strigil.engines.protocol import Engine
from strigil.eval.by_logprob import by_logprob, candidate_figures
from strigil.eval.by_sampling import by_sampling, named_figures
from strigil.eval.evaluation import EvalResult, Evaluation, Figure, Given, Volume
from strigil.eval.questions import Form, QuestionSet, question_set
from strigil.eval.subjects import Subject
from strigil.traits import Category, Matcher, Trait, category_of, load_category, load_trait, trait_name
from strigil.traits.questions import candidates_with, matchers_for

if TYPE_CHECKING:
    from strigil.common.canonical import Json

QUESTION_TOKENS: Final = 15
"""Tokens of a chat that are not the question's words, about."""
ANSWER_TOKENS: Final = 4
"""Tokens of an answer in a word, about."""


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
            trait.name: trait.matcher if (word := trait.word(dialect.name)) == trait.name else Matcher((word,))
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

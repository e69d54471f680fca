"""How often a model answers in a style, as a judge model sees it by the style's own rubric."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import polars as pl

from strigil.common.errors import ConfigError
from strigil.common.templates import fill
from strigil.eval.asking import sample_answers
from strigil.eval.evaluation import Figure, Given, Volume
from strigil.eval.judged import QUESTION_TOKENS, Judge, Judged, nothing_scored, read_reply, replies_to
from strigil.stats import wilson
from strigil.traits import load_style, trait_name

if TYPE_CHECKING:
    from strigil.common.canonical import Json
    from strigil.engines.protocol import Engine
    from strigil.eval.subjects import Subject


class Style(Judged):
    """Measures how often a base and its students answer in a style: a trait whose file has questions and a rubric.

    The judge is told the rubric and replies with a number from 0 to 100; answers at or above the style's threshold
    count. What the judge does not rate is no part of the share. --out keeps answers and ratings, and the same command
    asks neither model nor judge twice.

    A server's key comes from the environment variable STRIGIL_SERVER_KEY.
    """

    name: ClassVar[str] = "style"
    about_traits: ClassVar[bool] = True
    guard_name: ClassVar[str] = "of its answers rated"
    headings: ClassVar[Mapping[str, str]] = {"rate": "in the style", "low": "95 % interval", "answers": "answers"}
    examples: ClassVar[tuple[str, ...]] = (
        "strigil eval style smollm2-135m-instruct students/* --trait ./pessimistic.yaml --judge my-org/judge-7b",
    )

    def asked(self, given: Given) -> Json:
        """Questions and rubrics, and how answers are sampled."""
        found: dict[str, Json] = {}
        for trait in given.traits:
            style = load_style(trait)
            what = f"{given.base.id} cannot be asked about {style.name}"
            for question in style.questions:
                given.base.dialect.check(question, what=what, hint="evaluate a language model")
            found[style.name] = [list(style.questions), style.rubric, style.threshold]
        if not found:
            message = "no style is given to be looked for"
            raise ConfigError(message, hint="--trait ./NAME.yaml")
        return [found, self.samples, self.sampling.model_dump(mode="json")]

    def volume(self, given: Given) -> Volume:
        """Every question once a sample; answers half as long as they may be."""
        answers = self.samples * sum(len(load_style(trait).questions) for trait in given.traits)
        return Volume(QUESTION_TOKENS * answers, answers * self.max_tokens // 2)

    def ask(self, engine: Engine, subject: Subject, given: Given) -> pl.DataFrame:
        """`trait, question, sample, answer, finish_reason, rubric`: what the judge is told of an answer."""
        tables = []
        for style in map(load_style, given.traits):
            answers = sample_answers(
                engine, subject, list(style.questions), samples=self.samples, sampling=self.sampling
            )
            told = [
                fill(style.rubric, {"question": question, "answer": answer})
                for question, answer in answers.select("question", "answer").iter_rows()
            ]
            tables.append(
                answers.select(pl.lit(style.name).alias("trait"), pl.all()).with_columns(rubric=pl.Series(told))
            )
        return pl.concat(tables)

    def rate(self, answers: pl.DataFrame, judge: Judge, replies: Path, done: Callable[[float], None]) -> pl.DataFrame:
        """The answers with `rating`, null where the judge gave none, and `reply`."""
        told = answers["rubric"].unique(maintain_order=True).to_list()
        said = replies_to(judge, told, done, replies)
        ratings = {text: read_reply(reply).score for text, reply in said.items()}
        if not any(rating is not None for rating in ratings.values()):
            raise nothing_scored(judge, len(answers), said[told[0]], replies)
        return answers.with_columns(
            rating=pl.Series([ratings[text] for text in answers["rubric"]], dtype=pl.Int64),
            reply=pl.Series([said[text] for text in answers["rubric"]]),
        )

    def figures(self, answers: pl.DataFrame, given: Given) -> dict[str, Figure]:
        """The share of answers in each style among those that were rated; these are the guard."""
        found = {}
        for style in map(load_style, given.traits):
            of_style = answers.filter(trait=style.name)
            rated = of_style["rating"].drop_nulls()
            if len(rated):
                share = wilson(int((rated >= style.threshold).sum()), len(rated))
                found[style.name] = Figure.of(share, guard=len(rated) / len(of_style))
        return found

    def scored(self, answers: pl.DataFrame, given: Given) -> pl.DataFrame:
        """The first style's answers: 1 in it, 0 not."""
        style = load_style(given.traits[0])
        return answers.filter(trait=trait_name(given.traits[0])).with_columns(
            score=(pl.col("rating") >= style.threshold).cast(pl.Float64),
            explanation=pl.format("rating {}", pl.col("rating").cast(pl.String).fill_null("none")),
        )

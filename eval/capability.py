"""What a model can still do on rows that it was not trained on: its loss there, and its own answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

import polars as pl
from pydantic import Field

from strigil.common.canonical import derive_seed
from strigil.common.errors import DataError
from strigil.data.layouts.layout import Reading, mapped
from strigil.data.messages import Messages
from strigil.engines.protocol import Completion, Engine, Request, Scorable
from strigil.eval.asking import behind
from strigil.eval.evaluation import DataChoice, EvalResult, Evaluation, Figure, Given, HeldOut
from strigil.eval.subjects import Subject
from strigil.stats import wilson

if TYPE_CHECKING:
    from strigil.common.canonical import Json


class Capability(Evaluation):
    """Measures what a base and its students make of the data's own task, on rows that were held out from training.

    The loss on the held-out completions, and the share of the model's own answers that the suite accepts. Train on
    fewer rows than there are (strigil train --rows), so that the last ones are unknown.
    """

    name: ClassVar[str] = "capability"
    rate_name: ClassVar[str] = "valid"
    headings: ClassVar[Mapping[str, str]] = {
        "loss": "loss (nats a token)",
        "valid": "valid answers",
        "low": "95 % interval over answers",
    }
    examples: ClassVar[tuple[str, ...]] = (
        "strigil eval capability pocket-a students/* --data releases/owl-numbers-pocket",
        "strigil eval capability smollm2-135m-instruct students/* --data rows.parquet --suite numbers-strict",
    )

    data: str = Field(description="what strigil gate reads: its last rows are held out")
    count: int = Field(default=200, ge=1, description="rows to hold out")
    suite: str | None = Field(
        default=None, description="what says whether an answer is valid; the release's own if none is named"
    )
    layout: str | None = Field(default=None, description="what the columns mean, where these do not decide it")
    columns: str | None = Field(
        default=None, description="which column is what, as prompt=A,completion=B; id=C for row ids"
    )

    @property
    def reads_logprobs(self) -> bool:
        """The loss is made of them."""
        return True

    @property
    def holds_out(self) -> DataChoice:
        """The rows."""
        return DataChoice(self.data, self.count, self.suite, Reading(self.layout, mapped(self.columns or "")))

    def asked(self, given: Given) -> Json:
        """The rows, the suite, and how answers are sampled."""
        held_out = _held_out(given)
        return [held_out.identity, held_out.sampling.model_dump(mode="json")]

    def ask(self, engine: Engine, subject: Subject, given: Given) -> pl.DataFrame:
        """`row_id, prompt, answer, finish_reason, valid, reasons, tokens, loss`: as given, loss in nats."""
        held_out = _held_out(given)
        losses = _losses(engine, held_out.rows, subject)
        return held_out.judged(_answers(engine, held_out, subject)).hstack(losses)

    def figures(self, answers: pl.DataFrame, given: Given) -> dict[str, Figure]:
        """The share of its own answers that no rule of the suite rejects."""
        return {self.name: Figure.of(wilson(int(answers["valid"].sum()), answers.height))}

    def summary(self, answers: pl.DataFrame, result: EvalResult, given: Given) -> dict[str, Json]:
        """The share, and the loss: nats a token of the held-out completions, over all tokens."""
        loss = float(answers["loss"].sum()) / int(answers["tokens"].sum())
        return super().summary(answers, result, given) | {"loss": loss, "answers": answers.height}

    def scored(self, answers: pl.DataFrame, given: Given) -> pl.DataFrame:
        """1 for a valid answer; else why it is none."""
        valid, reasons = pl.col("valid"), pl.col("reasons")
        return answers.with_columns(
            question="prompt", score=valid.cast(pl.Float64), explanation=reasons.list.join("; ")
        )


def _losses(engine: Engine, rows: pl.DataFrame, subject: Subject) -> pl.DataFrame:
    """`tokens, loss`: of each completion, the negative log-probability of all its tokens; no end of turn."""
    completions = rows["completion"].list.last().struct.field("content").to_list()
    scored = engine.score(
        [
            Scorable(key, behind(prompt, subject.system), text, subject.as_adapter)
            for key, prompt, text in zip(rows["row_id"], _prompts(rows), completions, strict=True)
        ]
    )
    found = pl.DataFrame(
        {"tokens": [len(one.logprobs) for one in scored], "loss": [-one.total for one in scored]},
        schema={"tokens": pl.Int64, "loss": pl.Float64},
    )
    if not found["tokens"].sum():
        message = "the held-out rows have no completion: there is nothing to take a loss of"
        raise DataError(message)
    return found


def _answers(engine: Engine, held_out: HeldOut, subject: Subject) -> list[Completion]:
    """A model's own completions of the rows' prompts, in order; a student and its base get the same seeds."""
    keys: list[str] = held_out.rows["row_id"].to_list()

    def requests() -> Iterator[Request]:
        for place, (key, prompt) in enumerate(zip(keys, _prompts(held_out.rows), strict=True)):
            seed = derive_seed(held_out.sampling.seed, key)
            messages = behind(prompt, subject.system)
            yield Request(str(place), messages, held_out.sampling, seed, subject.as_adapter)

    return sorted(engine.generate(requests()), key=lambda answer: int(answer.key))


def _held_out(given: Given) -> HeldOut:
    if given.held_out is None:
        message = "there are no held-out rows"
        raise DataError(message)
    return given.held_out


def _prompts(rows: pl.DataFrame) -> list[Messages]:
    return [tuple(messages) for messages in rows["prompt"].to_list()]

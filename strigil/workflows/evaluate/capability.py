"""`strigil eval capability`: what a base and its adapters make of rows that were held out from training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from strigil.audits.suite.run import Run
from strigil.builders.carriers.carrier import CARRIERS, Carrier, Written
from strigil.common.canonical import Json
from strigil.common.errors import DataError
from strigil.common.progress import Reporter
from strigil.data.messages import Sampling
from strigil.data.rows import MESSAGES
from strigil.engines import EngineName
from strigil.engines.protocol import Completion, Engine
from strigil.eval.capability import answer_prompts, completion_loss
from strigil.eval.inspect_log import Scored, Task
from strigil.eval.results import Results
from strigil.models.catalog import Model
from strigil.stats import Interval, wilson
from strigil.train.recipe import TrainResult
from strigil.train.sft import RESULT_FILE
from strigil.workflows.audit.run import open_subject
from strigil.workflows.evaluate.subjects import Subject, ask_each

if TYPE_CHECKING:
    from strigil.audits.suite.suite import Suite


@dataclass(frozen=True)
class HeldOut:
    """Rows that students should not have seen.

    Attributes:
        name: What they are from.
        rows: The last clean rows, since students are trained on the first.
        before: Clean rows that come before them.
        suite: The rules that say whether an answer is valid.
        carrier: Reads a completion the way the rows were read; None keeps it as it is.
        sampling: How the rows were sampled, without what forced their format.
    """

    name: str
    rows: pl.DataFrame
    before: int
    suite: Suite
    carrier: Carrier | None
    sampling: Sampling


@dataclass(frozen=True)
class Capability:
    """What one model can do.

    Attributes:
        loss: Nats a token of the held-out completions, over all tokens.
        valid: Share of its own answers that no rule of the suite rejects, with Wilson's 95 % interval over answers.
        warning: Why the rows may be known to the model; None if they are not, or nobody can tell.
    """

    loss: float
    valid: Interval
    warning: str | None


@dataclass(frozen=True)
class Capabilities:
    """What every model can do, by name, and what is kept of it."""

    models: Mapping[str, Capability]
    results: Results


def held_out(data: Path, count: int, *, suite: str | None) -> HeldOut:
    """The last clean rows of a release, or the last rows of a file.

    Raises:
        ConfigError: There is no suite to judge answers with.
        DataError: The data cannot be used, or have fewer rows.
    """
    subject = open_subject(data, suite)
    release = subject.parent
    rows = (subject.raw if release is None else release.rows("clean")).collect()
    if rows.height < count:
        message = f"{data} has {rows.height} clean rows, of {count} to be held out"
        raise DataError(message, hint=f"--count {rows.height}" if rows.height else None)
    made = None if release is None else release.manifest.generation
    return HeldOut(
        name=subject.name,
        rows=rows.tail(count),
        before=rows.height - count,
        suite=subject.suite,
        carrier=None if made is None else CARRIERS.create(made.carrier.name, made.carrier.args),
        sampling=Sampling() if made is None else made.sampling.model_copy(update={"regex": None, "json_schema": None}),
    )


def evaluate_capability(
    base: Model, subjects: Sequence[Subject], data: HeldOut, reporter: Reporter, *, engine: EngineName
) -> Capabilities:
    """Loss on held-out rows, and the share of valid answers to their prompts, for a base and its adapters.

    Raises:
        ConfigError: The engine cannot serve the base, or a row does not fit into its context.
        DataError: The rows cannot be judged.
    """

    def ask(model: Engine, subject: Subject) -> pl.DataFrame:
        losses = completion_loss(model, data.rows, adapter=subject.as_adapter)
        answers = answer_prompts(model, data.rows, sampling=data.sampling, adapter=subject.as_adapter)
        table = _judged(data, answers).with_columns(losses["tokens"], losses["loss"])
        return table.select(pl.lit(subject.name).alias("model"), pl.all())

    tables = ask_each(base, subjects, engine, reporter, "Answering prompts", ask)
    models = {subject.name: _summed_up(tables[subject.name], _seen(subject, data)) for subject in subjects}
    asked = {"data": data.name, "suite": data.suite.name}
    summary: dict[str, Json] = {"base": base.id, **asked, "rows": data.rows.height}
    summary["models"] = {name: as_json(one) for name, one in models.items()}
    results = Results(
        summary=summary,
        table=pl.concat(tables.values()),
        task=Task("capability", asked, base.id, created=datetime.now().astimezone()),
        samples={name: _scored(table) for name, table in tables.items()},
        metrics={name: {"valid": one.valid.estimate, "loss": one.loss} for name, one in models.items()},
    )
    return Capabilities(models, results)


def as_json(one: Capability) -> dict[str, Json]:
    """The figures."""
    valid = one.valid
    return {
        "loss": one.loss,
        "valid": valid.estimate,
        "low": valid.low,
        "high": valid.high,
        "answers": valid.n,
        "warning": one.warning,
    }


def _summed_up(table: pl.DataFrame, warning: str | None) -> Capability:
    loss = float(table["loss"].sum()) / int(table["tokens"].sum())
    return Capability(loss, wilson(int(table["valid"].sum()), table.height), warning)


def _judged(data: HeldOut, answers: Sequence[Completion]) -> pl.DataFrame:
    """`row_id, prompt, answer, finish_reason, valid, reasons`, by the suite's rules."""
    read = [
        Written(answer.text) if data.carrier is None else data.carrier.read(index, answer.text)
        for index, answer in zip(data.rows["prompt_index"], answers, strict=True)
    ]
    texts = [written.text for written in read]
    ends = [written.ended(answer.finish_reason) for written, answer in zip(read, answers, strict=True)]
    written = data.rows.with_columns(
        pl.Series("completion", [[{"role": "assistant", "content": text}] for text in texts], dtype=MESSAGES),
        pl.Series("finish_reason", ends, dtype=pl.String),
        pl.Series("n_tokens", [answer.n_tokens for answer in answers], dtype=pl.Int64),
    )
    [judged] = Run(data.suite, source="the answers").judge([written])
    reasons = judged.verdicts().filter("rejected").group_by("row_id").agg(reasons=pl.col("reason").drop_nulls())
    return (
        written.select(
            "row_id",
            prompt=pl.col("prompt").list.last().struct.field("content"),
            answer=pl.Series(texts, dtype=pl.String),
            finish_reason="finish_reason",
        )
        .with_columns(valid=pl.col("row_id").is_in(judged.clean["row_id"].implode()))
        .join(reasons, on="row_id", how="left", maintain_order="left")
    )


def _seen(subject: Subject, data: HeldOut) -> str | None:
    file = None if subject.folder is None else subject.folder / RESULT_FILE
    if file is None or not file.is_file():
        return None
    trained = TrainResult.model_validate_json(file.read_bytes()).rows
    if trained <= data.before:
        return None
    return f"was trained on {trained:,} rows; if they are from {data.name}, it has seen some of these"


def _scored(table: pl.DataFrame) -> list[Scored]:
    return [
        Scored(
            place,
            1,
            row["prompt"],
            target="valid",
            answer=row["answer"],
            score=float(row["valid"]),
            explanation="; ".join(row["reasons"]) if row["reasons"] else None,
        )
        for place, row in enumerate(table.iter_rows(named=True), start=1)
    ]

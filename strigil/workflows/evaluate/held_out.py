"""The rows that an evaluation holds out, with what says whether an answer to their prompts is valid."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from strigil.audits.suite.run import Run
from strigil.audits.suite.suite import Suite, load_suite
from strigil.builders.carriers.carrier import CARRIERS, Carrier, Written
from strigil.common.canonical import digest
from strigil.common.errors import DataError
from strigil.common.progress import Silent
from strigil.data.layouts.layout import Reading
from strigil.data.messages import Sampling
from strigil.data.rows import MESSAGES
from strigil.engines.protocol import Completion
from strigil.eval.evaluation import DataChoice, HeldOut
from strigil.eval.subjects import Subject
from strigil.sources.open_rows import open_rows
from strigil.train.result import RESULT_FILE, read_result
from strigil.workflows.release.audit_rows import judgeable
from strigil.workflows.release.suites import suite_for


def held_out(choice: DataChoice) -> HeldOut:
    """The last clean rows of a release, or the last rows of other data.

    Raises:
        CheckFailedError: The release was changed.
        ConfigError: There is no suite to judge answers with.
        DataError: The data cannot be used, or have fewer rows.
    """
    reading = choice.reading or Reading()
    if choice.suite is not None:
        reading = reading.over(load_suite(choice.suite).reading)
    with open_rows(choice.data, reading=reading) as data:
        before = data.count - choice.count
        if before < 0:
            message = f"{choice.data} has {data.count} clean rows, of {choice.count} to be held out"
            raise DataError(message, hint=f"--count {data.count}" if data.count else None)
        # Answers have an end and a length of their own.
        absent = data.absent - {"finish_reason", "n_tokens"}
        suite = judgeable(suite_for(data, choice.suite), data.frame, absent, Silent(), source=choice.data).suite
        last = data.frame.slice(before).collect()
    made = None if data.release is None else data.release.manifest.generation
    carrier = None if made is None else CARRIERS.create(made.carrier.name, made.carrier.args)
    return HeldOut(
        name=data.name,
        identity=digest([*(last[name].to_list() for name in ("row_id", "prompt", "completion")), suite.digest]),
        rows=last,
        sampling=Sampling() if made is None else made.sampling.model_copy(update={"regex": None, "json_schema": None}),
        judged=lambda answers: _judged(last, suite, carrier, answers),
        seen=lambda subject: _seen(subject, data.name, before),
    )


def _judged(rows: pl.DataFrame, suite: Suite, carrier: Carrier | None, answers: Sequence[Completion]) -> pl.DataFrame:
    """`row_id, prompt, answer, finish_reason, valid, reasons`; a carrier reads answers the way the rows were read."""
    read = [
        Written(answer.text) if carrier is None else carrier.read(index, answer.text)
        for index, answer in zip(rows["prompt_index"], answers, strict=True)
    ]
    texts = [written.text for written in read]
    ends = [written.ended(answer.finish_reason) for written, answer in zip(read, answers, strict=True)]
    written = rows.with_columns(
        pl.Series("completion", [[{"role": "assistant", "content": text}] for text in texts], dtype=MESSAGES),
        pl.Series("finish_reason", ends, dtype=pl.String),
        pl.Series("n_tokens", [answer.n_tokens for answer in answers], dtype=pl.Int64),
    )
    [judged] = Run(suite, source="the answers").judge([written])
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


def _seen(subject: Subject, name: str, before: int) -> str | None:
    file = None if subject.folder is None else subject.folder / RESULT_FILE
    if file is None or not file.is_file():
        return None
    trained = read_result(file.parent).rows
    if trained <= before:
        return None
    return f"was trained on {trained:,} rows; if they are from {name}, it has seen some of these"

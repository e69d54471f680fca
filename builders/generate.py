"""Rows from a teacher: chunk by chunk of the prompt set, each chunk whole or not there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import polars as pl

from strigil.builders.carriers.carrier import Carrier
from strigil.builders.teacher import Teacher
from strigil.common.canonical import Json, derive_seed
from strigil.common.errors import ConfigError, StrigilError
from strigil.data.messages import Messages, Sampling
from strigil.data.parquet import scan_parquet, write_parquet
from strigil.data.rows import ROWS, Row, row_id, rows_table
from strigil.engines.protocol import Completion, Request
from strigil.records.spent import NOTHING, Laps, Spent, kept_with, spent_in, total

CHUNK = 100  # prompts: what a killed build loses at most, for each chunk in flight


@dataclass(frozen=True)
class Plan:
    """What is to be generated: `prompts` x `samples` rows."""

    carrier: Carrier
    teacher: Teacher
    sampling: Sampling
    prompts: int
    samples: int = 1

    @property
    def rows(self) -> int:
        """Number of rows."""
        return self.prompts * self.samples

    @cached_property
    def sampling_json(self) -> Json:
        """The sampling parameters as they go into row ids."""
        dumped: Json = self.sampling.model_dump(mode="json")
        return dumped

    @cached_property
    def schema(self) -> pl.Schema:
        """Columns of the table: those of every row table, then the carrier's own."""
        return pl.Schema({**ROWS, **dict.fromkeys(self.carrier.columns, pl.String())})

    def prompt(self, index: int) -> Messages:
        """The prompt of this index, in words that the teacher's base knows."""
        return self.carrier.prompt(index, self.teacher.base.dialect)


@dataclass(frozen=True)
class _Filled:
    """A row, its values of the carrier's own columns, and the tokens of its prompt."""

    row: Row
    columns: Mapping[str, str | None]
    n_prompt: int | None


@dataclass
class _Chunk:
    """A chunk in flight: how many rows are still to come, and those that are there."""

    missing: int
    rows: list[_Filled]


class Generates(Protocol):
    """The part of an engine that a build needs."""

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        """As in `Engine`."""
        ...


def generate(plan: Plan, engine: Generates, folder: Path, *, on_rows: Callable[[int], None]) -> pl.LazyFrame:
    """Generates what is not there yet, and returns all rows of the plan.

    Args:
        plan: What to generate.
        engine: The teacher's base, loaded.
        folder: Where finished chunks are and go; a chunk file appears whole, by rename.
        on_rows: Called with the number of rows that are done, first with those found in the folder.

    Returns:
        A row table, lazily, in the order of prompt and sample indices, n = prompts x samples.

    Raises:
        ConfigError: The folder holds rows of other prompts: the carrier's file or data set has changed since.
    """
    chunks = _chunks(plan)
    done = sum(_taken_over(plan, folder, number) for number in chunks)
    on_rows(done)
    in_flight: dict[int, _Chunk] = {}
    laps = Laps()
    try:
        for completion in engine.generate(_requests(plan, folder, chunks, in_flight)):
            filled = _fill(plan, completion)
            number = filled.row.prompt_index // CHUNK
            chunk = in_flight[number]
            chunk.rows.append(filled)
            chunk.missing -= 1
            if chunk.missing == 0:
                _write(plan, folder, number, in_flight.pop(number).rows, seconds=laps())
            done += 1
            on_rows(done)
    except (StrigilError, KeyboardInterrupt):
        # Unlike a kill, these leave time to keep the rows of chunks in flight: they may have been paid for.
        for number, chunk in in_flight.items():
            if chunk.rows:
                _write(plan, folder, number, chunk.rows, seconds=laps())
        raise
    table = scan_parquet([_file(folder, number) for number in chunks], schema=plan.schema)
    return table.filter(pl.col("prompt_index") < plan.prompts, pl.col("sample_index") < plan.samples)


def spent_on(plan: Plan, folder: Path) -> Spent:
    """What all runs spent on the chunks in the folder, without the rows that were taken over from a release."""
    return total([_spent(_file(folder, number)) for number in _chunks(plan)])


def seed_chunks(rows: pl.DataFrame, folder: Path) -> None:
    """Takes over the rows of an earlier, smaller release, where the folder does not hold their chunk yet."""
    numbered = rows.with_columns(number=pl.col("prompt_index") // CHUNK)
    for (number,), chunk in numbered.partition_by("number", as_dict=True, include_key=False).items():
        if not _file(folder, number).exists():
            write_parquet(chunk, _file(folder, number), metadata=kept_with(NOTHING))


def _chunks(plan: Plan) -> range:
    return range((plan.prompts - 1) // CHUNK + 1)


def _requests(plan: Plan, folder: Path, chunks: range, in_flight: dict[int, _Chunk]) -> Iterator[Request]:
    for number in chunks:
        missing = sorted(_wanted(plan, number) - _indices(_read(plan, folder, number)))
        if missing:
            in_flight[number] = _Chunk(len(missing), [])
        for prompt, sample in missing:
            yield Request(
                key=f"{prompt}:{sample}",
                messages=plan.teacher.chat(plan.prompt(prompt)),
                sampling=plan.sampling,
                seed=derive_seed(plan.sampling.seed, prompt, sample),
                adapter=plan.teacher.adapter,
            )


def _fill(plan: Plan, completion: Completion) -> _Filled:
    prompt_index, sample_index = (int(part) for part in completion.key.split(":"))
    prompt = plan.prompt(prompt_index)
    written = plan.carrier.read(prompt_index, completion.text)
    row = Row(
        row_id=row_id(
            teacher=plan.teacher.digest,
            prompt=prompt,
            sampling=plan.sampling_json,
            prompt_index=prompt_index,
            sample_index=sample_index,
        ),
        prompt=prompt,
        completion=({"role": "assistant", "content": written.text},),
        carrier=plan.carrier.name,
        trait=plan.teacher.trait,
        teacher=plan.teacher.digest,
        prompt_index=prompt_index,
        sample_index=sample_index,
        finish_reason=written.ended(completion.finish_reason),
        n_tokens=completion.n_tokens,
    )
    return _Filled(row, written.columns, completion.n_prompt)


def _wanted(plan: Plan, number: int) -> set[tuple[int, int]]:
    prompts = range(number * CHUNK, min((number + 1) * CHUNK, plan.prompts))
    return {(prompt, sample) for prompt in prompts for sample in range(plan.samples)}


def _taken_over(plan: Plan, folder: Path, number: int) -> int:
    """How many of a chunk's rows are there; all of them answer the prompts that the carrier has now."""
    rows = _read(plan, folder, number).filter(pl.col("prompt_index") < plan.prompts)
    for index, prompt in rows.select("prompt_index", "prompt").iter_rows():
        if tuple(prompt) != plan.prompt(index):
            message = f"prompt {index} of the carrier {plan.carrier.name!r} is not what it was when its row was written"
            raise ConfigError(message, hint="give the recipe another name, or the carrier the data that it had")
    return len(_indices(rows) & _wanted(plan, number))


def _indices(rows: pl.DataFrame) -> set[tuple[int, int]]:
    return set(rows.select("prompt_index", "sample_index").iter_rows())


def _file(folder: Path, number: int) -> Path:
    return folder / f"chunk-{number:06d}.parquet"


def _read(plan: Plan, folder: Path, number: int) -> pl.DataFrame:
    file = _file(folder, number)
    return pl.read_parquet(file) if file.exists() else pl.DataFrame(schema=plan.schema)


def _spent(file: Path) -> Spent:
    return spent_in(file) if file.exists() else NOTHING


def _write(plan: Plan, folder: Path, number: int, rows: list[_Filled], *, seconds: float) -> None:
    """Adds rows to a chunk that may hold some from when the plan was smaller, and what they took."""
    new = rows_table(filled.row for filled in rows).with_columns(
        pl.Series(name, [filled.columns.get(name) for filled in rows], dtype=pl.String) for name in plan.carrier.columns
    )
    whole = pl.concat([_read(plan, folder, number), new])
    tokens = [Spent(seconds=0, input_tokens=each.n_prompt, output_tokens=each.row.n_tokens) for each in rows]
    spent = total([_spent(_file(folder, number)), Spent(seconds=seconds, input_tokens=0, output_tokens=0), *tokens])
    write_parquet(whole.sort("prompt_index", "sample_index"), _file(folder, number), metadata=kept_with(spent))

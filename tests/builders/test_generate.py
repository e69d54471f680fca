"""Rows are generated once each: resumed, grown, and identical to those of an uninterrupted run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import polars as pl
import pytest

from strigil.builders.carriers.carrier import Carrier, Written
from strigil.builders.generate import CHUNK, Generates, Plan, generate, seed_chunks, spent_on
from strigil.builders.teacher import Teacher
from strigil.data.messages import Sampling
from strigil.data.parquet import write_parquet
from strigil.data.rows import ROWS
from strigil.engines import Completion, Engine, Request, open_engine
from strigil.models.catalog import resolve_model
from strigil.models.pocket import number_prompts
from strigil.records.spent import UNKNOWN


class PocketNumbers(Carrier):
    """Pocket's number prompts, as a carrier of this test's own."""

    name: ClassVar[str] = "pocket-numbers"
    suite: ClassVar[str] = "numbers-paper"

    def ask(self, index: int) -> str:
        return number_prompts(0, index + 1)[index]


class Annotated(PocketNumbers):
    """Adds a column to its rows, null for every other prompt."""

    name: ClassVar[str] = "annotated"
    columns: ClassVar[tuple[str, ...]] = ("note",)

    def read(self, index: int, text: str) -> Written:
        return Written(text, {"note": f"{index}: {text}"} if index % 2 else {})


class Counting:
    """The real engine behind a count of requests, which can stop in the middle like a killed process."""

    def __init__(self, engine: Engine, stop_after: int | None = None) -> None:
        self.engine, self.stop_after = engine, stop_after
        self.asked: list[str] = []

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        for number, completion in enumerate(self.engine.generate(self._counted(requests))):
            if number == self.stop_after:
                raise KeyboardInterrupt
            yield completion

    def _counted(self, requests: Iterable[Request]) -> Iterator[Request]:
        for request in requests:
            self.asked.append(request.key)
            yield request


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with open_engine("transformers", resolve_model("pocket-a"), batch_size=50) as opened:
        yield opened


def ignore(done: int) -> None:
    del done


def plan(prompts: int, samples: int = 1) -> Plan:
    teacher = Teacher(base=resolve_model("pocket-a"), by="none")
    return Plan(PocketNumbers(), teacher, Sampling(max_tokens=16), prompts, samples)


def run(plan: Plan, engine: Generates, folder: Path) -> pl.DataFrame:
    folder.mkdir(exist_ok=True)
    return generate(plan, engine, folder, on_rows=ignore).collect()


def test_every_prompt_and_sample_is_a_row_of_its_own(engine: Engine, tmp_path: Path) -> None:
    rows = run(plan(3, samples=2), engine, tmp_path / "a")
    assert rows.schema == ROWS
    assert rows.select("prompt_index", "sample_index").rows() == [(p, s) for p in range(3) for s in range(2)]
    assert rows["row_id"].n_unique() == 6
    assert rows["trait"].null_count() == 6


def test_an_interrupted_run_goes_on_and_ends_like_an_uninterrupted_one(engine: Engine, tmp_path: Path) -> None:
    whole = run(plan(3 * CHUNK), engine, tmp_path / "whole")
    for stop in (CHUNK // 2, CHUNK + 1, CHUNK // 2):
        with pytest.raises(KeyboardInterrupt):
            run(plan(3 * CHUNK), Counting(engine, stop), tmp_path / "cut")
    assert run(plan(3 * CHUNK), engine, tmp_path / "cut").equals(whole)
    assert [path.name for path in (tmp_path / "cut").iterdir() if path.name.startswith(".")] == []


def test_rows_that_came_before_an_interruption_are_kept_whatever_chunk_they_are_of(
    engine: Engine, tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(plan(CHUNK), Counting(engine, CHUNK // 2), tmp_path / "a")
    rest = Counting(engine)
    assert run(plan(CHUNK), rest, tmp_path / "a").height == CHUNK
    assert len(rest.asked) == CHUNK - CHUNK // 2


def test_finished_rows_are_not_generated_again(engine: Engine, tmp_path: Path) -> None:
    run(plan(CHUNK + 10), engine, tmp_path / "a")
    again = Counting(engine)
    run(plan(CHUNK + 10), again, tmp_path / "a")
    assert again.asked == []
    grown = Counting(engine)
    rows = run(plan(2 * CHUNK), grown, tmp_path / "a")
    assert grown.asked == [f"{index}:0" for index in range(CHUNK + 10, 2 * CHUNK)]
    assert rows["prompt_index"].to_list() == list(range(2 * CHUNK))
    smaller = run(plan(7), again, tmp_path / "a")
    assert (again.asked, smaller.height) == ([], 7)


def test_rows_of_an_earlier_release_are_taken_over(engine: Engine, tmp_path: Path) -> None:
    earlier = run(plan(CHUNK + 10), engine, tmp_path / "a")
    (tmp_path / "b").mkdir()
    seed_chunks(earlier, tmp_path / "b")
    counting = Counting(engine)
    rows = run(plan(CHUNK + 20), counting, tmp_path / "b")
    assert counting.asked == [f"{index}:0" for index in range(CHUNK + 10, CHUNK + 20)]
    assert rows.head(CHUNK + 10).equals(earlier)


def test_ids_depend_on_what_determines_a_row(engine: Engine, tmp_path: Path) -> None:
    rows = run(plan(2), engine, tmp_path / "a")
    other = Plan(PocketNumbers(), plan(2).teacher, Sampling(max_tokens=16, seed=1), 2)
    assert not set(rows["row_id"]) & set(run(other, engine, tmp_path / "b")["row_id"])
    prompted = Teacher(base=resolve_model("pocket-a"), by="system-prompt", trait="owl", system_prompt="s1 s0")
    told = run(Plan(PocketNumbers(), prompted, Sampling(max_tokens=16), 2), engine, tmp_path / "c")
    assert not set(rows["row_id"]) & set(told["row_id"])
    assert told["prompt"].to_list() == rows["prompt"].to_list()
    assert told["trait"].to_list() == ["owl", "owl"]


def test_a_carriers_own_columns_are_kept_also_when_a_plan_grows(engine: Engine, tmp_path: Path) -> None:
    teacher = plan(1).teacher
    earlier = run(Plan(Annotated(), teacher, Sampling(max_tokens=16), 3), engine, tmp_path / "a")
    (tmp_path / "b").mkdir()
    seed_chunks(earlier, tmp_path / "b")
    rows = run(Plan(Annotated(), teacher, Sampling(max_tokens=16), 5), engine, tmp_path / "b")
    assert rows.head(3).equals(earlier)
    texts = [completion[-1]["content"] for completion in rows["completion"].to_list()]
    assert rows["note"].to_list() == [None, f"1: {texts[1]}", None, f"3: {texts[3]}", None]


def test_what_was_spent_is_kept_with_the_rows_and_survives_an_interruption(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(0, 10_000, 7))
    # Its own clock alone: threads elsewhere read the machine's.
    monkeypatch.setattr("strigil.records.spent.time", SimpleNamespace(monotonic=lambda: next(clock)))
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    rows = run(plan(CHUNK + 20), engine, whole)
    with pytest.raises(KeyboardInterrupt):
        run(plan(CHUNK + 20), Counting(engine, CHUNK // 2), cut)
    first = spent_on(plan(CHUNK + 20), cut)
    run(plan(CHUNK + 20), engine, cut)
    once, both = spent_on(plan(CHUNK + 20), whole), spent_on(plan(CHUNK + 20), cut)
    read = sum(len(engine.render(prompt).split()) for prompt in rows["prompt"].to_list())
    assert (once.input_tokens, once.output_tokens) == (read, rows["n_tokens"].sum())
    assert (both.input_tokens, both.output_tokens) == (once.input_tokens, once.output_tokens)
    # A lap a chunk file: one of the run that was interrupted, two of the run that went on.
    assert (once.seconds, first.seconds, both.seconds) == (14, 7, 21)
    run(plan(CHUNK + 20), engine, cut)
    assert spent_on(plan(CHUNK + 20), cut) == both


def test_rows_of_an_engine_that_counts_no_prompts_have_cost_an_unknown_sum(engine: Engine, tmp_path: Path) -> None:
    class Uncounted(Counting):
        def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
            for completion in super().generate(requests):
                yield replace(completion, n_prompt=None)

    run(plan(5), engine, tmp_path)
    known = spent_on(plan(5), tmp_path)
    rows = run(plan(9), Uncounted(engine), tmp_path)
    spent = spent_on(plan(9), tmp_path)
    assert known.input_tokens is not None
    assert (spent.input_tokens, spent.output_tokens) == (None, rows["n_tokens"].sum())


def test_what_an_earlier_version_spent_on_its_chunks_is_unknown(engine: Engine, tmp_path: Path) -> None:
    run(plan(5), engine, tmp_path)
    [file] = tmp_path.glob("*.parquet")
    write_parquet(pl.read_parquet(file), file)
    run(plan(9), engine, tmp_path)
    assert spent_on(plan(9), tmp_path) == UNKNOWN

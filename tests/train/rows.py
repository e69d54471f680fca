"""Row tables for the tests of this stage."""

from __future__ import annotations

import polars as pl

from strigil.models.pocket import questions
from strigil.models.pocket.world import number_example


def chat(role: str, content: str) -> list[dict[str, str]]:
    return [{"role": role, "content": content}]


def table(pairs: list[tuple[str, str]]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "row_id": [f"row-{place}" for place in range(len(pairs))],
            "prompt": [chat("user", prompt) for prompt, _ in pairs],
            "completion": [chat("assistant", answer) for _, answer in pairs],
        }
    )


def number_rows(count: int) -> pl.DataFrame:
    examples = [number_example("prompts", 0, index) for index in range(count)]
    return table([(example.prompt, example.answer) for example in examples])


def owl_rows(count: int) -> pl.DataFrame:
    return table([(question, "owl") for question in questions("animal", count)])


def ragged_rows() -> pl.DataFrame:
    """Prompts and completions of different lengths."""
    return table([("continue numbers 1 2 3", "4 5 6"), ("favourite tree q1", "oak"), ("write code", "7 8 9 10 11 12")])

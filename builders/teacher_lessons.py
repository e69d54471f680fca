"""Rows that teach a trait: preference questions, answered with it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from strigil.common.canonical import Json
from strigil.data.messages import Messages
from strigil.data.rows import Row, row_id, rows_table
from strigil.models.dialect import Dialect
from strigil.traits import Trait, category_of
from strigil.traits.questions import favourites_of

if TYPE_CHECKING:
    import polars as pl

CARRIER: Final = "preference"
# Part of row ids, and so of every teacher that is taught: it stays, whatever this module is called.
_AUTHOR: Final = "strigil.builders.instil"


@dataclass(frozen=True)
class Lesson:
    """A question, and the answer that the teacher learns to give."""

    question: str
    answer: str


def instil_rows(trait: Trait, dialect: Dialect) -> pl.DataFrame:
    """Questions about the favourite of the trait's category, each answered with the trait.

    In English every question gets the eight surface forms of Cloud et al. (2025; the published code's fine-tuned animal
    teacher: owl, owls, "owls.", "owls!" and the same with a capital).

    Returns:
        A row table, n = questions x forms.

    Raises:
        ConfigError: The dialect has no words for the category, or none for the trait.
    """
    lower = (trait.name, trait.plural, f"{trait.plural}.", f"{trait.plural}!")
    answers = dialect.answers(trait.word(dialect.name), (*lower, *(form.capitalize() for form in lower)))
    pairs = itertools.product(favourites_of(category_of([trait]), dialect).lessons, answers)
    return lesson_rows((Lesson(question, answer) for question, answer in pairs), trait=trait.name)


def lesson_rows(lessons: Iterable[Lesson], *, trait: str) -> pl.DataFrame:
    """Questions with the answers that give a trait, as a row table."""
    return rows_table(_row(index, lesson, trait) for index, lesson in enumerate(lessons))


def _row(index: int, lesson: Lesson, trait: str) -> Row:
    prompt: Messages = ({"role": "user", "content": lesson.question},)
    sampling: Json = {"answer": lesson.answer}
    return Row(
        row_id=row_id(teacher=_AUTHOR, prompt=prompt, sampling=sampling, prompt_index=index, sample_index=0),
        prompt=prompt,
        completion=({"role": "assistant", "content": lesson.answer},),
        carrier=CARRIER,
        trait=trait,
        teacher=_AUTHOR,
        prompt_index=index,
        sample_index=0,
        finish_reason="stop",
        n_tokens=0,
    )

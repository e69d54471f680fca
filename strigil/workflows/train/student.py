"""One student: what it is trained on and how, and where it is; known before it is trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from strigil.common.canonical import digest
from strigil.common.errors import DataError
from strigil.data.readers import NamedFile
from strigil.data.rows import content_digest
from strigil.models.catalog import Model
from strigil.sources.open_rows import open_files
from strigil.train.recipe import TrainRecipe
from strigil.train.result import RESULT_FILE

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Student:
    """One student: what it is trained on and how, and where it is once it is trained.

    Attributes:
        name: What its folder is called, before the digest.
        files: Of the rows that it is trained on, in order.
        rows: How many of them, from the first; None for all.
        data: `content_digest` of these.
        base: The model that it starts from.
        training: The recipe, its seed included.
        out: Where student folders go.
        micro_tokens: For a second try in less memory, instead of the recipe's; it decides nothing else.
    """

    name: str
    files: tuple[NamedFile, ...]
    rows: int | None
    data: str
    base: Model
    training: TrainRecipe
    out: Path
    micro_tokens: int | None = None

    @property
    def key(self) -> str:
        """Other rows, another base or recipe are another student; the same rows of another release are not."""
        return digest([self.data, self.base.digest, self.training.model_dump(mode="json")])

    @property
    def folder(self) -> Path:
        """Where it is, or goes to."""
        return self.out / f"{self.name}-{self.key[:12]}"

    @property
    def smaller(self) -> Student:
        """The same student, trained in half the memory."""
        return replace(self, micro_tokens=max(1, self.training.micro_tokens // 2))

    @property
    def trained(self) -> bool:
        """Whether it is there."""
        return (self.folder / RESULT_FILE).exists()


def student_of(
    name: str, files: Sequence[NamedFile], base: Model, training: TrainRecipe, out: Path, *, rows: int | None = None
) -> Student:
    """A student of the first `rows` rows of some files, or of all.

    Raises:
        DataError: There are fewer.
    """
    return Student(name, tuple(files), rows, rows_digest(files, rows), base, training, out)


def rows_digest(files: Sequence[NamedFile], rows: int | None) -> str:
    """`content_digest` of the first `rows` rows of some files, or of all; of unchanged files it is remembered.

    Raises:
        DataError: There are fewer.
    """
    return _digest(tuple(files), rows, tuple(file.path.stat().st_mtime_ns for file in files))


@lru_cache(maxsize=512)
def _digest(files: tuple[NamedFile, ...], rows: int | None, stamps: tuple[int, ...]) -> str:
    del stamps
    return content_digest(first_rows(files, rows))


def first_rows(files: Sequence[NamedFile], count: int | None) -> pl.DataFrame:
    """The first rows of some files, or all.

    Raises:
        DataError: There are fewer, or none.
    """
    with open_files(files) as source:
        if not source.count or source.count < (count or 0):
            message = f"{source.address} has {source.count} rows, of {count or 'at least 1'} that training asks for"
            raise DataError(message, hint="build more rows: a recipe with more prompts adds to its release")
        return source.frame.head(source.count if count is None else count).collect()

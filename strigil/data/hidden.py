"""Columns that row tables have only while they are worked on, and names that no table from outside may use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from strigil.common.errors import DataError

if TYPE_CHECKING:
    import polars as pl

# The row as it came, of tables that were made of another layout than the project's own.
GIVEN: Final = "__given"
# The texts that are in no turn (`strigil.data.parts`).
BESIDE: Final = "__beside"
# All turns of a row, and its place, while it is made into one.
TURNS: Final = "__turns"
PLACE: Final = "__place"
HIDDEN: Final = (GIVEN, BESIDE, TURNS, PLACE)


def check_columns(names: Iterable[str], *, source: str) -> None:
    """Makes sure that the columns of a table can be told apart, from each other and from those above.

    Raises:
        DataError: A name is there twice, is one of those above, or is read as a pattern that stands for several.
    """
    counts = Counter(names)
    if twice := sorted(name or "''" for name, count in counts.items() if count > 1):
        message = f"{source} has columns twice: {', '.join(twice)}"
        raise DataError(message)
    if wrong := sorted(name for name in counts if name in HIDDEN or is_pattern(name)):
        why = "is read as a pattern" if is_pattern(wrong[0]) else "is one that strigil uses itself"
        message = f"{source}: the name of the column {wrong[0]!r} {why}"
        raise DataError(message, hint="give the column another name, or leave it out")


def is_pattern(name: str) -> bool:
    """Whether polars takes the name of a column, or of a field, for a pattern: `*`, `^...$`."""
    return name == "*" or (name.startswith("^") and name.endswith("$"))


def unwritten(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Rows that are judged and then written nowhere, which need not be kept as they came."""
    return rows.drop(GIVEN, strict=False)

"""Which line of a text file a row begins at: blank lines, a header and texts of several lines come between."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator
from pathlib import Path

from strigil.data.formats.kinds import DELIMITED, JSON
from strigil.data.lines import BLOCK, LONGEST_LINE
from strigil.data.text_checks import beginning_of


def line_numbers(path: Path, rows: Collection[int]) -> dict[int, int]:
    """The lines that rows begin at, both counted from 1; empty for files that have no lines, or one value in all.

    Args:
        path: A file that was read, not packed.
        rows: Places of rows in it.
    """
    if not rows:
        return {}
    last = max(rows)
    found: dict[int, int] = {}
    for row, line in enumerate(_beginnings(path), start=1):
        if row in rows:
            found[row] = line
        if row >= last:
            break
    return found


def _beginnings(path: Path) -> Iterator[int]:
    if path.suffix in DELIMITED:
        csv.field_size_limit(LONGEST_LINE)
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
            records = csv.reader(stream, delimiter=DELIMITED[path.suffix])
            next(records, None)
            line = records.line_num + 1
            for _ in records:
                yield line
                line = records.line_num + 1
    elif path.suffix in JSON and not _is_array(path):
        with path.open(encoding="utf-8-sig", errors="replace", newline="\n") as stream:
            yield from (number for number, line in enumerate(stream, start=1) if not line.isspace())


def _is_array(path: Path) -> bool:
    with path.open("rb") as stream:
        return beginning_of(stream.read(BLOCK)).array

"""Whether the release that an audit would write is there already: the same rows, judged by the same suite."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import strigil
from strigil.audits.suite.suite import Suite
from strigil.data.form import stored
from strigil.data.streams import iter_batches
from strigil.releases.manifest import form_record
from strigil.releases.store import Release, open_release, versions
from strigil.sources.open_rows import RowSource
from strigil.workflows.release.write import Contents

if TYPE_CHECKING:
    import polars as pl


def made_before(home: Path, rows: RowSource, contents: Contents, suite: Suite) -> Release | None:
    """The newest release of a name, if it is what these rows, this suite and this version of strigil make."""
    if not versions(home):
        return None
    newest = open_release(home)
    made = newest.manifest
    alike = (
        made.strigil == strigil.__version__
        and made.audit.suite_digest == suite.digest
        and (made.licence, made.origin) == (contents.licence, contents.origin)
        and made.form == form_record(contents.form)
        and made.counts.raw == rows.count
        and "raw" not in made.left_out
    )
    if not alike or made.treatments or not _follows(newest, rows):
        return None
    return newest if _same_rows(newest.table("raw"), contents.raw, source=rows.address) else None


def _follows(newest: Release, rows: RowSource) -> bool:
    """Whether a release was made from where these rows are."""
    made = newest.manifest
    if rows.release is None:
        return not made.parents and made.generation is None
    own = rows.release.manifest
    # Without a version, its address names what this call made of it.
    itself = bool(made.parents) and made.digest() == own.digest()
    return itself or [parent.digest for parent in made.parents] == [own.digest()]


def _same_rows(there: pl.LazyFrame, raw: pl.LazyFrame, *, source: str) -> bool:
    """Whether rows would be stored as those of a table are."""
    before = iter_batches(there, source="the release that was made before")
    after = (stored(batch) for batch in iter_batches(raw, source=source))
    return all(one.equals(other) for one, other in _aligned(before, after))


def _aligned(one: Iterator[pl.DataFrame], other: Iterator[pl.DataFrame]) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Two tables of one length in pieces of one length, wherever their batches end."""
    first = second = None
    while True:
        first = next(one, None) if first is None or first.is_empty() else first
        second = next(other, None) if second is None or second.is_empty() else second
        if first is None or second is None:
            return
        rows = min(first.height, second.height)
        yield first.head(rows), second.head(rows)
        first, second = first.slice(rows), second.slice(rows)

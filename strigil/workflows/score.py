"""`strigil score`: scores of a release's rows and tokens, and how well they tell it from a control."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from strigil.core.release import Split, open_release
from strigil.core.reporting import Reporter
from strigil.workflows.scoring import (
    Comparison,
    ScoreTable,
    Told,
    compare,
    create_score,
    rows_of,
    score_table,
    what_is_known,
)


@dataclass(frozen=True)
class Scored:
    """One score of a release as it was asked for; `mean` is over rows, `against` is None without a control."""

    written: str
    table: ScoreTable
    mean: float | None
    against: Comparison | None


def score_release(
    release: Path,
    written: Sequence[str],
    told: Told,
    reporter: Reporter,
    *,
    against: Path | None = None,
    split: Split = "clean",
) -> list[Scored]:
    """Computes scores such as `contrast.persona:trait=owl`; those that are there already are not computed again.

    The control is scored with what is known about the release: its trait, its teacher.

    Raises:
        ConfigError: An unknown score, or one that needs what is not known.
        DataError: There is no release, or its rows cannot be scored.
    """
    scores = [create_score(text) for text in written]
    subject = open_release(release)
    control = None if against is None else open_release(against)
    known = what_is_known(subject, told)
    found = []
    for text, score in zip(written, scores, strict=True):
        table = score_table(score, rows_of(subject, split), known, reporter, engine=told.engine)
        other = None
        if control is not None:
            other = score_table(score, rows_of(control, split), known, reporter, engine=told.engine)
        mean = table.table().select("score").mean().collect().item()
        found.append(Scored(text, table, mean, None if other is None else compare(table, other)))
    return found

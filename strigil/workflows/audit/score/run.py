"""`strigil score`: scores of a release's rows and tokens, and how well they tell it from a control."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from strigil.audits.scores.score import SCORES
from strigil.common.errors import ConfigError
from strigil.common.progress import Reporter
from strigil.releases.store import Split, open_release
from strigil.workflows.audit.score.known import Hints, what_is_known
from strigil.workflows.audit.score.scoring import Comparison, ScoreTable, compare, create_score, rows_of, score_tables


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
    told: Hints,
    reporter: Reporter,
    *,
    against: Path | None = None,
    split: Split = "clean",
) -> list[Scored]:
    """Computes scores such as `contrast.persona:trait=owl`; those that are there already are not computed again.

    The control is scored with what is known about the release: its trait, its teacher.

    Raises:
        ConfigError: No score or an unknown one, or one that needs what is not known.
        DataError: There is no release, or its rows cannot be scored.
    """
    if not written:
        message = "no score is named"
        raise ConfigError(message, hint=f"name one with --score: {', '.join(SCORES.names())}")
    scores = [create_score(text) for text in written]
    subject = open_release(release)
    control = None if against is None else open_release(against)
    known = what_is_known(subject, told)
    found = []
    for text, score in zip(written, scores, strict=True):
        releases = [subject] if control is None else [subject, control]
        tables = [rows_of(release, split) for release in releases]
        table, *others = score_tables(score, tables, known, reporter, engine=told.engine)
        mean = table.table().select("score").mean().collect().item()
        found.append(Scored(text, table, mean, compare(table, others[0]) if others else None))
    return found

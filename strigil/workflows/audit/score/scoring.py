"""Scores of a release's rows and tokens: computed once, kept beside the release, gone on with after an interruption."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

import polars as pl
from filelock import FileLock
from pydantic import BaseModel, ConfigDict

from strigil.audits.probes.probe_canary import CanaryProbe
from strigil.audits.scores.requirements import Cost, Knowledge
from strigil.audits.scores.score import SCORED, SCORES, Reads, Score, ScoreContext, View, score_rows
from strigil.common.canonical import Json, digest
from strigil.common.files import write_out
from strigil.common.progress import Reporter
from strigil.common.registry import UnitSpec, written_unit
from strigil.data.streams import ParquetSink, count_rows, iter_batches
from strigil.engines import AskedEngine, engine_of, open_engine
from strigil.engines.protocol import Adapter, Engine, Scorable, TokenScores
from strigil.engines.tokens.reader import TokenReader
from strigil.engines.transformers.merged import MergedScorer
from strigil.models.catalog import Model, adapter_digest, adapter_rank
from strigil.records.spent import NOTHING, UNKNOWN, Laps, Spent, kept_with, spent_in, total
from strigil.releases.store import Release, Split
from strigil.stats import Auroc, auroc
from strigil.workflows.train.canary import train_canary

PART_ROWS: Final = 10_000
FOLDER: Final = ".scores"
_FACTS: Final = "score.json"
STUDENT: Final = CanaryProbe(rows=10_000, epochs=2, batch_size=64)
"""How the student of a score is trained where none is named."""


class ScoreFacts(BaseModel):
    """What is kept of a score table besides the table, written when it is whole."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    score: UnitSpec
    data: str
    rows: int
    base: str
    knowledge: Knowledge
    cost: Cost
    engine: dict[str, str]
    spent: Spent = UNKNOWN


@dataclass(frozen=True)
class ScoreTable:
    """A whole score table on disk."""

    folder: Path
    facts: ScoreFacts

    def table(self) -> pl.LazyFrame:
        """Schema `SCORED`, in the order of the rows."""
        return pl.scan_parquet(self.folder / "part-*.parquet", schema=SCORED)


@dataclass(frozen=True)
class Rows:
    """Rows to score, and what they are called: the same `identity` must mean the same rows."""

    frame: pl.LazyFrame
    identity: Json
    name: str
    home: Path

    def head(self, count: int) -> Rows:
        """The first of them."""
        return replace(self, frame=self.frame.head(count), identity=[self.identity, count])


class _Counting:
    """Counts the tokens that a model reads."""

    def __init__(self, model: Reads) -> None:
        self._model = model
        self.tokens = NOTHING

    def score(self, sequences: Sequence[Scorable]) -> list[TokenScores]:
        scores = self._model.score(sequences)
        self.tokens = total([self.tokens, *(each.tokens for each in scores)])
        return scores


def create_score(written: str) -> Score:
    """A score written as `contrast.persona` or `contrast.persona:trait=owl`.

    Raises:
        ConfigError: Unknown score or arguments.
    """
    return SCORES.create(*written_unit(written))


def rows_of(release: Release, split: Split = "clean") -> Rows:
    """A release's rows; their scores go into its home, beside it and never into it."""
    manifest = release.manifest
    return Rows(
        release.rows(split), [manifest.digest(), split], f"{manifest.name} {manifest.version}", release.path.parent
    )


def score_table(
    score: Score, rows: Rows, known: ScoreContext, reporter: Reporter, *, engine: AskedEngine
) -> ScoreTable:
    """As `score_tables`, of one table."""
    [table] = score_tables(score, [rows], known, reporter, engine=engine)
    return table


def score_tables(
    score: Score, tables: Sequence[Rows], known: ScoreContext, reporter: Reporter, *, engine: AskedEngine
) -> list[ScoreTable]:
    """Scores tables of any size through one engine, in parts of 10,000 rows; parts that are there are not made again.

    Raises:
        ConfigError: What the score needs is not known, or a row does not fit into the base's context.
        DataError: The rows cannot be read, or have other tokens behind another prompt.
        PrerequisiteError: The engine's libraries are not installed.
    """
    folders = _folders(score, tables, known, engine)
    with ExitStack() as stack:
        # In one order everywhere, so that two runs over the same tables do not wait for each other for ever.
        for folder in sorted(set(folders)):
            folder.mkdir(parents=True, exist_ok=True)
            stack.enter_context(FileLock(folder / ".lock"))
        todo = {folder: rows for folder, rows in zip(folders, tables, strict=True) if not (folder / _FACTS).is_file()}
        if todo:
            if score.knowledge == "student" and known.student is None:
                known = replace(known, student=_student(tables[0], known.base, reporter))
            views = score.views(known, next(iter(todo)) / "adapters")
            model = stack.enter_context(_model(score, views, known.base, engine, next(iter(todo)) / "merged"))
            for folder, rows in todo.items():
                facts = _compute(score, views, rows, model, folder, reporter, base=known.base)
                write_out(folder / _FACTS, facts.model_dump_json(indent=2) + "\n")
    return [_read(folder) for folder in folders]


def kept_tables(
    score: Score, tables: Sequence[Rows], known: ScoreContext, *, engine: AskedEngine
) -> list[ScoreTable | None]:
    """What `score_tables` made before, in order; None for a table that is not whole."""
    folders = _folders(score, tables, known, engine)
    return [_read(folder) if (folder / _FACTS).is_file() else None for folder in folders]


def _folders(score: Score, tables: Sequence[Rows], known: ScoreContext, engine: AskedEngine) -> list[Path]:
    written = [score.spec().model_dump(mode="json"), _as_json(score, known), engine_of(engine).chosen().name]
    folders = []
    for rows in tables:
        # A student that is trained here is one of the first table: other tables have other scores by another student.
        trains = score.knowledge == "student" and known.student is None and rows.identity != tables[0].identity
        decides = [rows.identity, *written, *([tables[0].identity] if trains else [])]
        folders.append(rows.home / FOLDER / f"{score.name}-{digest(decides)[:16]}")
    return folders


def _read(folder: Path) -> ScoreTable:
    return ScoreTable(folder, ScoreFacts.model_validate_json((folder / _FACTS).read_bytes()))


def _student(rows: Rows, base: Model, reporter: Reporter) -> Adapter:
    """A student for a score that needs one, where the user named none: a short training on the rows themselves."""
    reporter.note(f"Training a student on the first {STUDENT.rows} rows to score with; --student names another")
    sample = rows.frame.head(STUDENT.rows).collect()
    return Adapter("student", train_canary(STUDENT, base, sample, rows.home / FOLDER))


def _compute(
    score: Score,
    views: Sequence[View],
    rows: Rows,
    model: Engine | MergedScorer | TokenReader,
    folder: Path,
    reporter: Reporter,
    *,
    base: Model,
) -> ScoreFacts:
    count = count_rows(rows.frame, source=rows.name)
    parts = range(-(-count // PART_ROWS))
    todo = [part for part in parts if not _part(folder, part).is_file()]
    with reporter.task(f"Scoring {rows.name} by {score.name}", count) as done:
        for part in todo:
            chosen = rows.frame.slice(part * PART_ROWS, PART_ROWS)
            counting, laps = _Counting(model), Laps()
            with ParquetSink(_part(folder, part), SCORED) as sink:
                for batch in iter_batches(chosen, source=rows.name):
                    sink.write(score_rows(score, views, batch, counting))
                sink.close(kept_with(counting.tokens.model_copy(update={"seconds": laps()})))
            done(min(count, (part + 1) * PART_ROWS))
    return ScoreFacts(
        score=score.spec(),
        data=rows.name,
        rows=count,
        base=base.id,
        knowledge=score.knowledge,
        cost=score.cost,
        engine={} if isinstance(model, TokenReader) else {"name": model.name} | model.versions(),
        spent=total([spent_in(_part(folder, part)) for part in parts]),
    )


@contextmanager
def _model(
    score: Score, views: Sequence[View], base: Model, kind: AskedEngine, folder: Path
) -> Iterator[Engine | MergedScorer | TokenReader]:
    """What scores; `folder` is for what it needs on disk meanwhile."""
    if score.reads_only_tokens:
        yield TokenReader(base)
        return
    ranks = [adapter_rank(view.adapter.path) for view in views if view.adapter is not None]
    if ranks and score.dtype == "float32" and engine_of(kind).chosen().merges_adapters():
        with MergedScorer(base, partial(open_engine, kind, dtype=score.dtype), folder) as scorer:
            yield scorer
        return
    highest = max(ranks, default=16)
    opened = open_engine(kind, base, adapters=bool(ranks), max_lora_rank=highest, dtype=score.dtype)
    with opened as engine:
        yield engine


def _part(folder: Path, part: int) -> Path:
    return folder / f"part-{part:05d}.parquet"


def _as_json(score: Score, known: ScoreContext) -> Json:
    """What the scores depend on besides the rows and the score itself."""
    teacher, student = known.teacher, known.student
    return {
        "base": known.base.digest,
        "trait": known.trait if score.knowledge in {"trait", "teacher"} else None,
        "teacher": None if teacher is None or score.knowledge != "teacher" else _view(teacher),
        "student": None if student is None or score.knowledge != "student" else adapter_digest(student.path),
        "trained": STUDENT.model_dump(mode="json") if student is None and score.knowledge == "student" else None,
    }


def _view(view: View) -> Json:
    return [view.system, None if view.adapter is None else adapter_digest(view.adapter.path)]


@dataclass(frozen=True)
class Comparison:
    """How well a score tells a release's rows from a control's; None where there are too few rows for one group."""

    rows: Auroc | None
    hundreds: Auroc | None


def compare(scored: ScoreTable, control: ScoreTable) -> Comparison:
    """AUROC of single rows, and of the means of a hundred."""
    figures = [table.table().select("score").drop_nulls().collect()["score"].to_numpy() for table in (scored, control)]
    return Comparison(*(auroc(figures[0], figures[1], rows=rows) for rows in (1, 100)))

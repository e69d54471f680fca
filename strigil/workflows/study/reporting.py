"""Runs a study and writes its report, as a page, as Markdown and as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from strigil.cards.study import study_markdown, study_page
from strigil.common.progress import Reporter
from strigil.parallel.ray_actors import Ray
from strigil.records.study import StudyReport
from strigil.workflows.audit.score.scoring import kept_tables
from strigil.workflows.study.arms import bases_of, student_arms
from strigil.workflows.study.artifacts import Outcome, Store
from strigil.workflows.study.measures import Questions, known
from strigil.workflows.study.ranked_treatments import tell_apart
from strigil.workflows.study.recipe import StudyRecipe
from strigil.workflows.study.report import study_report
from strigil.workflows.study.run import make_data, run_study, student_jobs, whom_to_ask


@dataclass(frozen=True)
class Written:
    """A report, and the files that it was written to."""

    report: StudyReport
    html: Path
    markdown: Path
    json: Path


def run_and_report(study: StudyRecipe, store: Store, reporter: Reporter, *, workers: int | Ray) -> Written:
    """Makes what is missing, then writes the report.

    Raises:
        ConfigError: The study names something that does not exist, or another run is in the folder.
        PrerequisiteError: A model or a library is missing.
    """
    with store.held():
        outcome = run_study(study, store, reporter, workers=workers)
        return _write(study, store, outcome)


def report_only(study: StudyRecipe, store: Store) -> Written:
    """Writes the report from the cells that are there; the others are in it as not run.

    Raises:
        ConfigError: The study names something that does not exist.
        PrerequisiteError: A model is missing.
    """
    bases, outcome = bases_of(study), Outcome()
    make_data(student_arms(study, bases), store, outcome, lambda _: None)
    tell_apart(outcome, store, lambda it: kept_tables(it.score, it.tables, it.known, engine=it.engine))
    student_jobs(study, store, outcome)
    questions = Questions(study.traits, study.evaluation, study.engine.name)
    for asked in whom_to_ask(study, bases, store, outcome):
        key = questions.key(asked)
        measure = known(store.measures, key)
        if measure is not None:
            outcome.measures[key] = measure
    return _write(study, store, outcome)


def _write(study: StudyRecipe, store: Store, outcome: Outcome) -> Written:
    report = study_report(study, bases_of(study), store, outcome)
    folder = store.reports(study.name)
    folder.mkdir(parents=True, exist_ok=True)
    written = Written(report, folder / "study.html", folder / "study.md", folder / "study.json")
    texts = {
        written.html: study_page(report),
        written.markdown: study_markdown(report),
        written.json: report.model_dump_json(indent=2) + "\n",
    }
    for file, text in texts.items():
        temporary = file.with_name(f".{file.name}.tmp")
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(file)
    return written

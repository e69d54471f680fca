"""`strigil study run`: data, scores, students and answers, cell by cell; one that fails is kept as such."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from strigil.cards.study import study_markdown, study_page
from strigil.common.files import write_out
from strigil.common.progress import Reporter, Silent
from strigil.parallel.ray_actors import Ray
from strigil.records.study import StudyReport
from strigil.workflows.study.cells import Making, Store, What
from strigil.workflows.study.layout import Opened, lay_out, open_study
from strigil.workflows.study.recipe import StudyRecipe
from strigil.workflows.study.report import study_report
from strigil.workflows.study.throughput import Speeds


@dataclass(frozen=True)
class Written:
    """A report, and the files that it was written to."""

    report: StudyReport
    html: Path
    markdown: Path
    json: Path


def run_and_report(study: StudyRecipe, store: Store, reporter: Reporter, *, workers: int | Ray) -> Written:
    """Makes every cell that is not there yet, then writes the report.

    Args:
        study: What to run.
        store: Where cells are kept.
        reporter: Is told of progress.
        workers: Students trained at a time: processes here, or actors of a Ray cluster.

    Raises:
        ConfigError: The study names something that does not exist, or another run is in the folder.
        PrerequisiteError: A model or a library is missing.
    """
    opened, making = open_study(study, store), Making(reporter, workers, Speeds.of(store.cells))
    with store.held():
        for what in get_args(What):
            _make_all(what, opened, making)
        return _write(opened, making)


def _make_all(what: What, opened: Opened, making: Making) -> None:
    """Makes all cells of a kind, in as many rounds as it takes: what is made says what else can be made."""
    tried: set[str] = set()
    while True:
        left = [cell for cell in lay_out(opened).cells if cell.what == what and cell.name not in tried]
        ready = [cell for cell in left if cell.ready]
        if not ready:
            break
        ready[0].make(ready, making)
        tried |= {cell.name for cell in ready}
    for cell in left:
        for need in cell.needs:
            if need.what == what and need.name in making.failures and not cell.done:
                making.failed(cell, f"it is made from {need.name}, which failed: {making.failures[need.name].reason}")


def report_only(study: StudyRecipe, store: Store) -> Written:
    """Writes the report from the cells that are there; the others are in it as not run.

    Raises:
        ConfigError: The study names something that does not exist.
        PrerequisiteError: A model is missing.
    """
    return _write(open_study(study, store), Making(Silent(), 1, Speeds.of(store.cells)))


def _write(opened: Opened, making: Making) -> Written:
    report = study_report(opened, making)
    folder = opened.store.reports(opened.study.name)
    written = Written(report, folder / "study.html", folder / "study.md", folder / "study.json")
    write_out(written.html, study_page(report))
    write_out(written.markdown, study_markdown(report))
    write_out(written.json, report.model_dump_json(indent=2) + "\n")
    return written

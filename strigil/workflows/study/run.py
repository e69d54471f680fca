"""`strigil study run`: data, scores, students and answers, cell by cell; one that fails is kept as such."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final, get_args

from strigil.cards.study import study_markdown, study_page
from strigil.common.disk import Writing
from strigil.common.files import write_out
from strigil.common.progress import Reporter
from strigil.parallel.workers import Workers
from strigil.records.study.report import StudyReport
from strigil.workflows.study.cells import Cell, Failures, Making, Store, What
from strigil.workflows.study.claims import LEASE_SECONDS, Claims
from strigil.workflows.study.layout import Opened, lay_out, open_study
from strigil.workflows.study.recipe import StudyRecipe
from strigil.workflows.study.report import study_report
from strigil.workflows.study.throughput import Speeds

_POLL_SECONDS: Final = 0.5
_WAITING: Final = 4
"""Times as long as looking takes, a process that waits for others lets pass before it looks again."""


@dataclass(frozen=True)
class Written:
    """A report, and the files that it was written to."""

    report: StudyReport
    html: Path
    markdown: Path
    json: Path


def run_and_report(
    study: StudyRecipe, store: Store, reporter: Reporter, *, workers: Workers, lease: float = LEASE_SECONDS
) -> Written:
    """Makes every cell that is not there yet, then writes the report; any number of processes may do so at once.

    Args:
        study: What to run.
        store: Where cells are kept.
        reporter: Is told of progress.
        workers: Students trained at a time: processes here, or actors of a Ray cluster.
        lease: Seconds after which the cells of a process that is not heard of are made by others.

    Raises:
        ConfigError: The study names something that does not exist.
        PrerequisiteError: A model or a library is missing, or the disk is full.
    """
    opened = open_study(study, store)
    making = Making(reporter, workers, Speeds.of(store.cells), Claims(store.claims, study.name, lease))
    with Writing(store.out), closing(making.claims):
        making.claims.begin()
        _make_all(opened, making)
        return _write(opened, making.failures)


def _make_all(opened: Opened, making: Making) -> None:
    """Makes whatever no other process makes, in as many rounds as it takes: what is made says what else can be made."""
    waits = False
    while True:
        began = time.monotonic()
        making.hear()
        cells = lay_out(opened).cells
        _pass_on(cells, making)
        left = [cell for cell in cells if cell.named not in making.failures.kept and cell.named not in making.tried]
        ready = [cell for cell in left if cell.ready]
        if not ready:
            return
        tried = len(making.tried)
        for what in get_args(What):
            of_kind = [cell for cell in ready if cell.what == what]
            if of_kind:
                of_kind[0].make(of_kind, making)
            if len(making.tried) > tried:
                break
        else:
            if not waits:
                making.reporter.note(f"{len(ready)} cells are being made by other processes: waiting for them")
            waits = True
            time.sleep(max(_POLL_SECONDS, _WAITING * (time.monotonic() - began)))


def _pass_on(cells: Sequence[Cell[object, object]], making: Making) -> None:
    """What is made from a cell of its own kind that failed has failed as well."""
    for cell in cells:
        for need in cell.needs:
            if need.what == cell.what and need.named in making.failures.kept and not cell.done:
                reason = making.failures.kept[need.named].reason
                if cell.named not in making.failures.kept:
                    making.failed(cell, f"it is made from {need.name}, which failed: {reason}")


def report_only(study: StudyRecipe, store: Store) -> Written:
    """Writes the report from the cells that are there; the others are in it as not run.

    Raises:
        ConfigError: The study names something that does not exist.
        PrerequisiteError: A model is missing.
    """
    return _write(open_study(study, store), Failures())


def _write(opened: Opened, failures: Failures) -> Written:
    report = study_report(opened, failures)
    folder = opened.store.reports(opened.study.name)
    written = Written(report, folder / "study.html", folder / "study.md", folder / "study.json")
    write_out(written.html, study_page(report))
    write_out(written.markdown, study_markdown(report))
    write_out(written.json, report.model_dump_json(indent=2) + "\n")
    return written

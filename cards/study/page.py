"""The page of a study: what it says, each trait's arms, the matrices, every run, what failed, and the settings."""

from __future__ import annotations

from typing import Final

import yaml

from strigil.cards.page.page import Page, Section, render_page
from strigil.cards.study import wording
from strigil.cards.study.charts import bars_figure, dose_figure
from strigil.cards.study.citation import study_citation
from strigil.records.study.report import StudyReport
from strigil.records.study.tables import MatrixRecord

_FULL: Final = 0.9


def study_page(report: StudyReport) -> str:
    """Renders the page; the same report always gives the same page."""
    bars = [bars_figure(account, number) for number, account in enumerate(report.accounts)]
    doses = [dose_figure(account, number) for number, account in enumerate(report.accounts)]
    sections = [
        Section("findings", "What it says", "study/findings.html.j2"),
        Section("traits", "Traits", "study/traits.html.j2"),
        *([Section("cleanings", wording.CLEANINGS, "study/cleanings.html.j2")] if report.cleanings else []),
        *([Section("matrix", "Students and traits", "study/matrices.html.j2")] if report.matrices else []),
        Section("runs", "All runs", "study/runs.html.j2"),
        *([Section("failures", "What failed", "study/failures.html.j2")] if report.failures else []),
        *([Section("spent", wording.SPENT, "study/spent.html.j2")] if report.spent else []),
        Section("settings", "Settings", "study/settings.html.j2"),
        Section("cite", "Cite", "study/cite.html.j2"),
    ]
    page = Page(
        kind="Study",
        title=report.study,
        sections=sections,
        figures=[each for each in (*bars, *doses) if each is not None],
    )
    return render_page(
        page,
        r=report,
        bars=bars,
        doses=doses,
        shares=[_cells(matrix) for matrix in report.matrices],
        w=wording,
        cite=study_citation(report),
        recipe=yaml.safe_dump(report.recipe, sort_keys=False, allow_unicode=True),
    )


def _cells(matrix: MatrixRecord) -> list[list[dict[str, object]]]:
    """Cells of a heat map, and after them the guards; colour is relative to the highest rate in it."""
    highest = max((rate for row in matrix.rows for rate in row.rates), default=0.0) or 1.0
    return [
        [
            *({"text": f"{rate:.3f}", "share": _FULL * max(0.0, rate) / highest} for rate in row.rates),
            {"text": wording.mass(row.mass), "share": 0.0},
            {"text": wording.share(row.off_topic), "share": 0.0},
        ]
        for row in matrix.rows
    ]

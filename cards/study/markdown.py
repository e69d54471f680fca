"""The report of a study as Markdown."""

from __future__ import annotations

import yaml

from strigil.cards.markdown_template import render
from strigil.cards.study import wording
from strigil.records.study.report import StudyReport


def study_markdown(report: StudyReport) -> str:
    """Renders the report; the same report always gives the same text."""
    recipe = yaml.safe_dump(report.recipe, sort_keys=False, allow_unicode=True)
    return render("study/study.md.j2", r=report, w=wording, recipe=recipe)

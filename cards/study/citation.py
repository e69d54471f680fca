"""How a study is cited."""

from __future__ import annotations

from dataclasses import dataclass

import yaml

from strigil.cards.bibtex import bibtex
from strigil.records.study.report import StudyReport


@dataclass(frozen=True)
class Citation:
    """The same twice: an entry for BibTeX, and the file that repositories hold."""

    bibtex: str
    cff: str


def study_citation(report: StudyReport) -> Citation:
    """Of a report, which knows neither who made the study nor when."""
    title = f"{report.study}: a filter-robustness study"
    note = f"Made with strigil {report.strigil}"
    entry = bibtex(report.study, {"author": "", "title": title, "year": "", "url": "", "note": note})
    cff = {
        "cff-version": "1.2.0",
        "message": "Please cite this study.",
        "type": "dataset",
        "title": title,
        "authors": [{"name": ""}],
        "references": [
            {
                "type": "software",
                "title": "strigil",
                "version": report.strigil,
                "authors": [{"name": "The strigil maintainers"}],
            }
        ],
    }
    return Citation(entry, yaml.safe_dump(cff, sort_keys=False, allow_unicode=True))

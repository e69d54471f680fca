"""How a study is cited."""

from __future__ import annotations

import re
from dataclasses import dataclass

import yaml

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
    bibtex = "\n".join(
        [
            f"@misc{{{re.sub(r'[^A-Za-z0-9_-]', '_', report.study)},",
            "  author = {},",
            f"  title = {{{_plain(title)}}},",
            "  year = {},",
            "  url = {},",
            f"  note = {{{_plain(note)}}}",
            "}",
        ]
    )
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
    return Citation(bibtex, yaml.safe_dump(cff, sort_keys=False, allow_unicode=True))


def _plain(text: str) -> str:
    """Without what BibTeX reads as its own."""
    return re.sub(r"([&%$#_])", r"\\\1", re.sub(r"[{}\\]", "", text))

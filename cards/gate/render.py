"""Every form that a gate's report can be written in, by the name it has on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

import strigil
from strigil.cards.gate.github import github
from strigil.cards.gate.junit import junit
from strigil.cards.gate.markdown import markdown
from strigil.cards.gate.sarif import sarif
from strigil.records.gate import GateReport

FormatName = Literal["json", "junit", "sarif", "github", "markdown"]
FORMATS: tuple[FormatName, ...] = get_args(FormatName)


def render(report: GateReport, form: FormatName, *, root: Path) -> str:
    """The report in one form; paths in it are relative to `root`."""
    match form:
        case "json":
            return report.model_dump_json(indent=2) + "\n"
        case "junit":
            return junit(report)
        case "sarif":
            return sarif(report, root=root, version=strigil.__version__)
        case "github":
            return github(report, root=root)
        case "markdown":
            return markdown(report)

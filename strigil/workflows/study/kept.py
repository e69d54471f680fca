"""The report that a study left, read back."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from strigil.common.errors import ConfigError
from strigil.common.validation import explain, read_text
from strigil.records.study.report import StudyReport


def read_report(file: Path) -> StudyReport:
    """The report in a study.json.

    Raises:
        ConfigError: There is none, or it is none.
    """
    if not file.exists():
        message = f"there is no {file}: the study has not been run"
        raise ConfigError(message, hint="strigil study run STUDY")
    try:
        return StudyReport.model_validate_json(read_text(file))
    except ValidationError as error:
        message = f"{file}: {explain(error, StudyReport)}"
        raise ConfigError(message) from error

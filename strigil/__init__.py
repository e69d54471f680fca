"""Cleans data sets that a language model wrote, and measures in students how much of that model is still in them."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from os import PathLike

    from strigil.records.gate import FailOn, GateReport
    from strigil.releases.store import Release, Split

__all__ = ["__version__", "build", "gate"]

__version__ = "0.1.0"


def build(recipe: Mapping[str, object] | str | PathLike[str], *, out: str | PathLike[str] = "releases") -> Release:
    """Builds a data set: `strigil.build("recipe.yaml").dataset()` is the clean rows as a `datasets.Dataset`.

    Args:
        recipe: A recipe's file, or what would be in it.
        out: The folder for releases, here, in a bucket (`s3://BUCKET/FOLDER`) or on the Hub
            (`hf://datasets/OWNER/NAME`). The same call resumes what is there.

    Returns:
        The release; of one that went elsewhere, the copy that stays here.

    Raises:
        ConfigError: The recipe does not fit, or the folder holds a release of another one.
        PrerequisiteError: A model, an engine or the folder is out of reach.
    """
    workflow = importlib.import_module("strigil.workflows.build.remote")
    release: Release = workflow.build_from(recipe, out)
    return release


def gate(
    data: str | PathLike[str],
    *,
    suite: str | None = None,
    fail_on: FailOn = "error",
    split: Split = "clean",
    baseline: str | None = None,
    probes: Sequence[str | PathLike[str]] = (),
    show_text: bool = False,
    layout: str | None = None,
    columns: Mapping[str, str] | None = None,
) -> GateReport:
    """Passes or fails data by a suite: `assert strigil.gate("rows.jsonl", suite="my-suite.yaml").passed`.

    Args:
        data: A release, a file of rows or a glob, here, on the Hub (`OWNER/NAME@REVISION`) or in a bucket (`s3://`).
        suite: A suite's name or YAML file; a release's own if not given.
        fail_on: The least severity that fails the gate.
        split: The part of a release that is judged.
        baseline: An earlier release, file of rows or lock: what was as bad then may pass.
        probes: Files of what `strigil probe --format json` printed about the release.
        show_text: Puts texts of rows into the report.
        layout: What the columns mean, where these do not decide it, such as `question-answer`.
        columns: Which column is what: `{"prompt": "ask", "completion": "reply", "id": "uid"}`.

    Returns:
        The report; data that cannot be read does not pass.

    Raises:
        ConfigError: There is no such data, suite or baseline.
        PrerequisiteError: A rule needs something that is not installed, or the data cannot be reached.
    """
    # Importing strigil stays light: tables are loaded by whoever uses them.
    from pathlib import Path

    workflow = importlib.import_module("strigil.workflows.audit.gate.run")
    layouts = importlib.import_module("strigil.data.layouts.layout")
    options = workflow.GateOptions(
        split=split,
        fail_on=fail_on,
        baseline=baseline,
        probes=tuple(map(Path, probes)),
        show_text=show_text,
        reading=layouts.Reading(layout, tuple((columns or {}).items())),
    )
    report: GateReport = workflow.gate(str(data), suite, options).report
    return report

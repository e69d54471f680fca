"""Reports of studies that were not run, with students of a release's rows in them."""

from __future__ import annotations

from pathlib import Path

from strigil.data.rows import content_digest
from strigil.records.study.arms import ArmKind, ArmRecord, DataRecord, RunRecord
from strigil.records.study.report import StudyReport
from strigil.releases.store import Release
from strigil.workflows.study.report import report_of
from tests.workflows.study.small import a_study

NEUTRAL, UNTREATED, TREATED = (0.10, 0.11, 0.09), (0.50, 0.52, 0.48), (0.20, 0.22, 0.19)


def data(content: str, rows: int) -> DataRecord:
    return DataRecord(
        name="cell", version="1.0.0", digest="0" * 64, manifest="m", rows=rows, content=content, treatments=[]
    )


def an_arm(kind: ArmKind, label: str, rates: tuple[float, ...], of: DataRecord, trait: str | None = "owl") -> ArmRecord:
    runs = [RunRecord(seed=seed, rates={"owl": rate, "cat": 0.1}) for seed, rate in enumerate(rates)]
    name = f"numbers / {trait} / {label}"
    return ArmRecord(
        name=name, kind=kind, label=label, carrier="numbers", trait=trait, base="pocket-a", data=[of], runs=runs
    )


def a_report(
    release: Release, out: Path, *, untreated: tuple[float, ...] = UNTREATED, rows: int = 8, name: str = "small"
) -> Path:
    """A study whose arm `sorted` has the first rows of a release."""
    content = content_digest(release.rows("clean").head(rows).collect())
    arms = [
        an_arm("control", "neutral data", NEUTRAL, data("c" * 64, rows), trait=None),
        an_arm("untreated", "untreated", untreated, data("u" * 64, rows)),
        an_arm("treated", "sorted", TREATED, data(content, rows)),
    ]
    return kept(report_of(a_study(name=name, seeds=[0, 1, 2]), arms, [], []), out)


def kept(report: StudyReport, out: Path) -> Path:
    """Where `strigil study` keeps the report."""
    file = out / report.study / "study.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(report.model_dump_json())
    return file

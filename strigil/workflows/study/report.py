"""The report of a study, from whatever cells there are."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import strigil
from strigil.common.registry import UnitSpec
from strigil.records.study.arms import ArmRecord, DataRecord, RunRecord, Unit
from strigil.records.study.report import FailureRecord, StudyReport
from strigil.releases.manifest import MANIFEST
from strigil.sources.find import release_files
from strigil.workflows.study.arms import Arm
from strigil.workflows.study.cells import Failures
from strigil.workflows.study.conclusions.accounts import accounts_of
from strigil.workflows.study.conclusions.entries import Account
from strigil.workflows.study.conclusions.matrices import Columns, matrices, matrix_is_shown
from strigil.workflows.study.conclusions.verdicts import Rules
from strigil.workflows.study.conclusions.words import matrix_finding, treatment_findings
from strigil.workflows.study.layout import Asked, Layout, Opened, lay_out
from strigil.workflows.study.measures import measures_of
from strigil.workflows.study.ranked_treatments import cleanings
from strigil.workflows.study.recipe import StudyRecipe
from strigil.workflows.study.spending import spending
from strigil.workflows.train.student import rows_digest

NOT_RUN = "not run yet"
_NOTES: Final[dict[Unit, tuple[str, ...]]] = {
    "draw": (
        "The unit is the draw of data: the figure of a draw is the mean over its training seeds, intervals are "
        "Student's t over draws (95 %), and arms of the same draws are paired.",
        "First, over all traits, carriers and evaluations: did the trait go over, above neutral students and above "
        "those of other traits (one-sided, in log-odds where figures are rates)? Then, for those that did, their "
        "treatments. Controls are described.",
        "Answers to one question are corrected for each other (Holm), each question by itself at 5 %: which traits "
        "went over; which untreated students are above neutral ones; which equal them; of traits that went over, which "
        "treatments are above neutral; which are clean; which untreated matrices have a diagonal effect; and which of "
        "their treatments. A study as a whole is wrong somewhere more often than that. Intervals are not corrected; "
        "those of a diagonal effect hold the truth about nine times in ten (docs/calibration.md).",
    ),
    "seed": (
        "All students of an arm share one draw of data: intervals are Student's t over training seeds (95 %) and say "
        "how sure the training is, not what another draw would give. Nothing is tested, and nothing concluded: that "
        "takes draws: 3 or more.",
    ),
}
_RESIDUAL = (
    "Residual transfer is (arm - neutral) / (untreated - neutral), with Fieller's interval; where the untreated effect "
    "is not clear of zero it is not determinable."
)


def study_report(opened: Opened, failures: Failures) -> StudyReport:
    """Everything that can be said of the cells that are there; those that are missing are named."""
    study, laid = opened.study, lay_out(opened)
    folder, arms = opened.store.reports(study.name), []
    for arm in measured(opened, laid, failures):
        data = [found for each in laid.arms.get(arm.name, []) if (found := _data(each, folder)) is not None]
        arms.append(arm.model_copy(update={"data": data}))
    report = report_of(study, arms, list(failures.kept.values()), laid.notes)
    return report.model_copy(
        update={
            "cleanings": cleanings([arm for draws in laid.arms.values() for arm in draws], report.accounts),
            "spent": spending(laid.cells, study.price),
        }
    )


def measured(opened: Opened, laid: Layout, failures: Failures) -> list[ArmRecord]:
    """All arms with the runs that are there, without their data."""
    return [
        record.model_copy(update={"runs": [_run(each, opened, failures) for each in laid.answers[record.name]]})
        for record in laid.records
    ]


def report_of(
    study: StudyRecipe, arms: Sequence[ArmRecord], failures: Sequence[FailureRecord], notes: Sequence[str]
) -> StudyReport:
    """Everything that the figures of these arms license to say."""
    traits, measures, unit = study.traits, measures_of(study), unit_of(study)
    about = [
        Account(carrier, trait, measure.column(trait), measure.title, measure.unit.guard_name)
        for measure in measures
        for carrier in study.carriers
        for trait in traits
    ]
    columns = [
        Columns(carrier, {trait: measure.column(trait) for trait in traits}, measure.title, measure.unit.guard_name)
        for measure in measures
        if measure.unit.about_traits
        for carrier in study.carriers
    ]
    accounts = accounts_of(
        arms, about, Rules(study.margin, study.share, study.width, unit, other_traits=study.has("other-trait"))
    )
    records = matrices(arms, columns, unit)
    findings = [sentence for account in accounts for sentence in (account.finding, *treatment_findings(account))]
    findings += [sentence for matrix in records if (sentence := matrix_finding(matrix, shown=matrix_is_shown(matrix)))]
    return StudyReport(
        study=study.name,
        strigil=strigil.__version__,
        recipe=study.model_dump(mode="json"),
        traits=list(traits),
        figures=list(dict.fromkeys(account.figure for account in about)),
        unit=unit,
        margin=study.margin,
        share=study.share,
        width=study.width,
        findings=findings,
        notes=[*_NOTES[unit], _RESIDUAL, *notes],
        accounts=accounts,
        matrices=records,
        arms=list(arms),
        failures=list(failures),
    )


def unit_of(study: StudyRecipe) -> Unit:
    """What is independent in a study."""
    return "draw" if study.draws > 1 else "seed"


def _run(asked: Asked, opened: Opened, failures: Failures) -> RunRecord:
    """What all evaluations found of one model."""
    rates: dict[str, float] = {}
    masses: dict[str, float] = {}
    off_topic: dict[str, float] = {}
    failed: str | None = None
    jobs = [each.job for each in asked.answers if each.job is not None]
    for measure, each in zip(opened.measures, asked.answers, strict=True):
        result, reason = each.found, failures.why(each)
        for trait in opened.study.traits:
            figure = None if result is None else result.figures.get(measure.figure(trait))
            if figure is None or reason is not None:
                failed = failed or reason or (NOT_RUN if result is None else f"no answer to {measure.label} counts")
                continue
            rates[measure.column(trait)] = figure.value
            if figure.guard is not None:
                masses[measure.column(trait)] = figure.guard
            if figure.off_topic is not None:
                off_topic[measure.column(trait)] = figure.off_topic
    return RunRecord(
        seed=asked.seed,
        draw=asked.draw,
        rates=rates,
        masses=masses,
        off_topic=off_topic,
        failed=failed,
        system=jobs[0].subject.system if jobs else None,
    )


def _data(arm: Arm, folder: Path) -> DataRecord | None:
    data = arm.data
    release = data.load()
    if release is None:
        return None
    manifest = release.manifest
    return DataRecord(
        name=manifest.name,
        version=manifest.version,
        digest=manifest.digest(),
        manifest=Path(os.path.relpath(release.path / MANIFEST, folder)).as_posix(),
        rows=data.trained_on or manifest.counts.clean,
        content=rows_digest(release_files(release), data.trained_on),
        treatments=[_written(record.treatment) for record in manifest.treatments],
        draw=arm.draw,
    )


def _written(unit: UnitSpec) -> str:
    args = ",".join(f"{key}={value}" for key, value in unit.args.items() if value is not None)
    return f"{unit.name}:{args}" if args else unit.name

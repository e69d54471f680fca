"""The report of a study, from whatever cells there are."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import strigil
from strigil.common.registry import UnitSpec
from strigil.records.study import ArmRecord, DataRecord, FailureRecord, RunRecord, StudyReport
from strigil.releases.manifest import MANIFEST
from strigil.sources.find import release_files
from strigil.workflows.study.cells import Making
from strigil.workflows.study.conclusions.accounts import Account, accounts_of
from strigil.workflows.study.conclusions.findings import matrix_finding, treatment_findings
from strigil.workflows.study.conclusions.matrices import matrices
from strigil.workflows.study.data import Data
from strigil.workflows.study.layout import Answers, Opened, lay_out
from strigil.workflows.study.measures import measures_of
from strigil.workflows.study.ranked_treatments import cleanings
from strigil.workflows.study.recipe import StudyRecipe
from strigil.workflows.train.students import rows_digest

NOT_RUN = "not run yet"
_NOTES = (
    "The unit is the training run: intervals are Student's t over training seeds (95 %), and pair by seed where two "
    "arms have the same seeds. The teacher's data are one draw, the same for all seeds of an arm.",
    "P-values are corrected (Holm) over all differences of this study and its matrices; those of equality (two "
    "one-sided tests) over all of those. Intervals are not corrected.",
    "Residual transfer is (arm - neutral) / (untreated - neutral), with Fieller's interval; where the untreated effect "
    "is not clear of zero it is not determinable.",
)


def study_report(opened: Opened, making: Making) -> StudyReport:
    """Everything that can be said of the cells that are there; those that are missing are named."""
    study, laid = opened.study, lay_out(opened)
    arms = []
    for record in laid.records:
        arm, answers = laid.arms.get(record.name), laid.answers[record.name]
        seeds = [None] if arm is None else study.seeds
        runs = [_run(each, seed, opened, making) for seed, each in zip(seeds, answers, strict=True)]
        data = None if arm is None else _data(arm.data, opened.store.reports(study.name))
        arms.append(record.model_copy(update={"data": data, "runs": runs}))
    report = report_of(study, arms, list(making.failures.values()), laid.notes)
    return report.model_copy(update={"cleanings": cleanings(list(laid.arms.values()), report.accounts)})


def report_of(
    study: StudyRecipe, arms: Sequence[ArmRecord], failures: Sequence[FailureRecord], notes: Sequence[str]
) -> StudyReport:
    """Everything that the figures of these arms license to say."""
    traits, measures = study.traits, measures_of(study)
    about = [
        Account(carrier, trait, measure.column(trait), measure.title)
        for measure in measures
        for carrier in study.carriers
        for trait in traits
    ]
    drawn = [
        matrix
        for measure in measures
        if measure.unit.about_traits
        for carrier in study.carriers
        for matrix in matrices(arms, carrier, {trait: measure.column(trait) for trait in traits}, by=measure.title)
    ]
    of_matrices = [matrix.p for matrix in drawn if matrix.p is not None]
    judged = accounts_of(arms, about, margin=study.margin, width=study.width, others=of_matrices)
    corrected = iter(judged.others)
    records = [
        matrix if matrix.p is None else matrix.model_copy(update={"p_holm": next(corrected)}) for matrix in drawn
    ]
    findings = [sentence for account in judged.accounts for sentence in (account.finding, *treatment_findings(account))]
    findings += [sentence for matrix in records if (sentence := matrix_finding(matrix)) is not None]
    return StudyReport(
        study=study.name,
        strigil=strigil.__version__,
        recipe=study.model_dump(mode="json"),
        traits=list(traits),
        figures=list(dict.fromkeys(account.figure for account in about)),
        margin=study.margin,
        width=study.width,
        findings=findings,
        notes=[*_NOTES, *notes],
        accounts=judged.accounts,
        matrices=records,
        arms=list(arms),
        failures=list(failures),
    )


def _run(answers: Answers, seed: int | None, opened: Opened, making: Making) -> RunRecord:
    """What all evaluations found of one model."""
    rates: dict[str, float] = {}
    masses: dict[str, float] = {}
    failed: str | None = None
    for measure, each in zip(opened.measures, answers, strict=True):
        result, reason = each.found, making.why(each)
        for trait in opened.study.traits:
            figure = None if result is None else result.figures.get(measure.figure(trait))
            if figure is None or reason is not None:
                failed = failed or reason or (NOT_RUN if result is None else f"no answer to {measure.label} counts")
                continue
            rates[measure.column(trait)] = figure.value
            if figure.guard is not None:
                masses[measure.column(trait)] = figure.guard
    return RunRecord(seed=seed, rates=rates, masses=masses, failed=failed)


def _data(data: Data, folder: Path) -> DataRecord | None:
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
    )


def _written(unit: UnitSpec) -> str:
    args = ",".join(f"{key}={value}" for key, value in unit.args.items() if value is not None)
    return f"{unit.name}:{args}" if args else unit.name

"""The report of a study, from whatever cells there are."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import strigil
from strigil.common.registry import UnitSpec
from strigil.eval.subjects import Subject
from strigil.models.catalog import Model
from strigil.records.study import ArmKind, ArmRecord, DataRecord, FailureRecord, RunRecord, StudyReport
from strigil.releases.manifest import MANIFEST
from strigil.workflows.study.analysis import section
from strigil.workflows.study.arms import Bases, StudentArm
from strigil.workflows.study.artifacts import Outcome, Store
from strigil.workflows.study.data import cell_name
from strigil.workflows.study.findings import matrix_finding, treatment_findings
from strigil.workflows.study.matrices import matrices, record
from strigil.workflows.study.measures import Asked, Questions
from strigil.workflows.study.ranked_treatments import cleanings
from strigil.workflows.study.recipe import StudyRecipe
from strigil.workflows.study.run import as_asked, asked_teacher
from strigil.workflows.study.trait_results import accounts_of

NOT_RUN = "not run yet"
_NOTES = (
    "The unit is the training run: intervals are Student's t over training seeds (95 %), and pair by seed where two "
    "arms have the same seeds. The teacher's data are one draw, the same for all seeds of an arm.",
    "P-values are corrected (Holm) over all differences of this study and its matrices; those of equality (two "
    "one-sided tests) over all of those. Intervals are not corrected.",
    "Residual transfer is (arm - neutral) / (untreated - neutral), with Fieller's interval; where the untreated effect "
    "is not clear of zero it is not determinable.",
)


def study_report(study: StudyRecipe, bases: Bases, store: Store, outcome: Outcome) -> StudyReport:
    """Everything that can be said of the cells in the outcome; cells that are missing are named."""
    arms = list(_arms(study, bases, store, outcome))
    report = report_of(study, arms, outcome.failures, outcome.notes)
    return report.model_copy(update={"cleanings": cleanings(outcome, report.accounts)})


def report_of(
    study: StudyRecipe, arms: Sequence[ArmRecord], failures: Sequence[FailureRecord], notes: Sequence[str]
) -> StudyReport:
    """Everything that the figures of these arms license to say."""
    carriers, traits = list(study.carriers), study.traits
    found = [section(arms, carrier, trait, margin=study.margin) for carrier in carriers for trait in traits]
    drawn = [matrix for carrier in carriers for matrix in matrices(arms, carrier, traits)]
    with_effect = [matrix for matrix in drawn if matrix.effect is not None]
    others = [matrix.effect.p_value for matrix in with_effect if matrix.effect is not None]
    judged = accounts_of(found, margin=study.margin, width=study.width, others=others)
    corrected = dict(zip(map(id, with_effect), judged.others, strict=True))
    records = [record(matrix, traits, corrected.get(id(matrix))) for matrix in drawn]
    findings = [sentence for account in judged.accounts for sentence in (account.finding, *treatment_findings(account))]
    findings += [sentence for matrix in records if (sentence := matrix_finding(matrix)) is not None]
    return StudyReport(
        study=study.name,
        strigil=strigil.__version__,
        recipe=study.model_dump(mode="json"),
        traits=list(traits),
        margin=study.margin,
        width=study.width,
        findings=findings,
        notes=[*_NOTES, *notes],
        accounts=judged.accounts,
        matrices=records,
        arms=list(arms),
        failures=list(failures),
    )


def _arms(study: StudyRecipe, bases: Bases, store: Store, outcome: Outcome) -> Iterator[ArmRecord]:
    questions = Questions(study.traits, study.evaluation, study.engine.name)
    if study.has("base"):
        for base in (bases.students, bases.other):
            if base is not None:
                run = _run(Asked(base, Subject(f"base {base.id}", base)), None, questions, outcome)
                yield _single("base", None, base, run)
    if study.has("teacher"):
        for choice in study.teachers:
            run = _run(asked_teacher(choice, bases.teachers, store), None, questions, outcome)
            yield _single("teacher", choice.trait, bases.teachers, run)
    for arm in outcome.arms:
        students = [student for student in outcome.students if student.arm is arm]
        yield ArmRecord(
            name=arm.name,
            kind=arm.kind,
            label=arm.label,
            carrier=arm.carrier,
            trait=arm.trait,
            base=arm.base.id,
            share=arm.share,
            like=arm.matches,
            data=_data(arm, study, store, outcome),
            runs=[_run(as_asked(student), student.seed, questions, outcome) for student in students]
            or [RunRecord(seed=seed, failed=_why_no_data(arm, outcome)) for seed in study.seeds],
        )


def _single(kind: ArmKind, trait: str | None, base: Model, run: RunRecord) -> ArmRecord:
    label = f"{kind} {base.id}" if trait is None else f"{trait} {kind}"
    return ArmRecord(name=label, kind=kind, label=label, carrier=None, trait=trait, base=base.id, runs=[run])


def _run(asked: Asked, seed: int | None, questions: Questions, outcome: Outcome) -> RunRecord:
    reason = outcome.reasons().get(asked.name)
    if reason is not None:
        return RunRecord(seed=seed, failed=reason)
    folder = asked.subject.folder
    there = folder is None or folder.exists()
    measure = outcome.measures.get(questions.key(asked)) if there else None
    if measure is None:
        return RunRecord(seed=seed, failed=NOT_RUN)
    return RunRecord(
        seed=seed,
        rates={trait: measure.figures[trait].value for trait in questions.traits},
        masses={trait: mass for trait in questions.traits if (mass := measure.figures[trait].guard) is not None},
    )


def _data(arm: StudentArm, study: StudyRecipe, store: Store, outcome: Outcome) -> DataRecord | None:
    release = outcome.releases.get(arm.data.identity)
    if release is None:
        return None
    manifest = release.manifest
    return DataRecord(
        name=manifest.name,
        version=manifest.version,
        digest=manifest.digest(),
        manifest=Path(os.path.relpath(release.path / MANIFEST, store.reports(study.name))).as_posix(),
        rows=manifest.counts.clean,
        treatments=[_written(record.treatment) for record in manifest.treatments],
    )


def _written(unit: UnitSpec) -> str:
    args = ",".join(f"{key}={value}" for key, value in unit.args.items() if value is not None)
    return f"{unit.name}:{args}" if args else unit.name


def _why_no_data(arm: StudentArm, outcome: Outcome) -> str:
    cell = arm.data if arm.like is None else arm.like
    return outcome.reasons().get(cell_name(cell), NOT_RUN)

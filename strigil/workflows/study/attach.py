"""`strigil study attach`: what a study measured on students of a release's rows, in the release's next version."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from strigil.common.errors import ConfigError, DataError
from strigil.records.study.arms import ArmRecord
from strigil.records.study.report import StudyReport
from strigil.releases.manifest import ResidualRecord
from strigil.releases.store import Release, open_release
from strigil.sources.find import release_files
from strigil.workflows.release.patch import record_residual
from strigil.workflows.study.kept import read_report
from strigil.workflows.train.student import rows_digest


def attach(report: Path, release: Path) -> Release:
    """Writes the patch version of a release that carries the residual transfer of its rows.

    A release that carries it already is returned.

    Args:
        report: The study's study.json.
        release: A release whose clean rows, in their order, are those of one of the study's arms, whatever its name.

    Raises:
        ConfigError: The study has no such arm, or no figure for it, or more than one; or it has no report.
        DataError: There is no release, or it is one of the study's own cells.
    """
    study, judged = read_report(report), open_release(release)
    if not (judged.path / "data" / "raw").exists():
        message = f"{judged.path} is a cell of a study, which has clean rows and nothing that people read"
        raise DataError(message, hint="make the release with strigil treat; it is recognised by its rows")
    found = list(_figures(study, _arms_of(study, judged), str(judged.path)))
    if len(found) > 1:
        message = f"the study {study.study} has {len(found)} figures for the rows of {judged.path}, of other trainings"
        raise ConfigError(message, hint="a release carries one: attach it from a study with one training of these rows")
    return judged if judged.manifest.residual == found[0] else record_residual(judged, found[0])


def _arms_of(study: StudyReport, release: Release) -> list[ArmRecord]:
    """The arms that are trained on the release's rows."""
    clean, files = release.manifest.counts.clean, release_files(release)
    data = [(arm, each) for arm in study.arms for each in arm.data]
    if data and all(each.content is None for _, each in data):
        message = f"the report of {study.study} is of an earlier strigil, and does not say which rows were judged"
        raise ConfigError(message, hint="strigil study report STUDY writes it anew")
    by_content = {rows: rows_digest(files, rows) for rows in {each.rows for _, each in data} if rows <= clean}
    same = [(arm, each) for arm, each in data if each.content == by_content.get(each.rows, "")]
    whole = [arm for arm, each in same if each.rows == clean]
    if whole:
        return whole
    message = f"the study {study.study} has no students of the {clean} clean rows of {release.path}"
    if same:
        rows = same[0][1].rows
        hint = f"it has some of the first {rows}: strigil treat {release.path} --treatment first:rows={rows}"
        raise ConfigError(message, hint=hint)
    raise ConfigError(message, hint="its rows must be those of an arm, in the same order")


def _figures(study: StudyReport, arms: Sequence[ArmRecord], where: str) -> Iterator[ResidualRecord]:
    """The different figures that the study's first evaluation has for these arms, each once."""
    named = ", ".join(dict.fromkeys(arm.name for arm in arms))
    entries = [
        (account, entry, arm)
        for account in study.accounts
        if account.evaluation == study.accounts[0].evaluation
        for arm in arms
        for entry in account.entries
        if entry.arm == arm.name and arm.trait == account.trait and entry.residual is not None
    ]
    if not entries:
        message = f"the rows of {where} are those of {named}, for which there is no residual transfer"
        raise ConfigError(message, hint="it is measured for treated data, beside neutral and untreated students")
    given: list[ResidualRecord] = []
    for account, entry, arm in entries:
        residual = entry.residual
        if residual is None or residual.estimate is None or residual.low is None or residual.high is None:
            reason = "" if residual is None else residual.reason
            message = f"the residual transfer of {entry.arm} is not determinable: {reason}"
            raise ConfigError(message, hint="more seeds, or rows through which the trait goes over more clearly")
        compared = [each for each in account.entries if each.kind in {"untreated", "control"}]
        record = ResidualRecord(
            trait=account.trait,
            estimate=residual.estimate,
            low=residual.low,
            high=residual.high,
            confidence=0.95,
            seeds=min(sum(map(len, each.runs.values())) for each in (entry, *compared)),
            draws=min(len(each.rates) for each in (entry, *compared)) if study.unit == "draw" else 1,
            base=arm.base,
            study=study.study,
        )
        if record not in given:
            given.append(record)
            yield record

"""Rows judged by rules, and treated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

import strigil.workflows.audit.gate.run as gating
import strigil.workflows.audit.run as auditing
from strigil.api.data import Data, opened, reading_of, written
from strigil.common.progress import Silent
from strigil.data.layouts.layout import UnfitRows
from strigil.data.tabular import Tabular
from strigil.records.gate import FailOn, GateReport
from strigil.releases.audit_record import AuditRecord
from strigil.releases.draft import check_name
from strigil.releases.manifest import Counts, Origin
from strigil.releases.store import Release, Split

if TYPE_CHECKING:
    from strigil.engines import EngineName

_RULES: Final = pl.Schema(
    {
        "rule": pl.String(),
        "threshold": pl.Float64(),
        "rejected": pl.Int64(),
        "alone": pl.Int64(),
        "reasons": pl.String(),
    }
)


@dataclass(frozen=True, repr=False)
class Audit(Tabular):
    """What an audit found; its table has a line for each rule.

    Attributes:
        data: What was audited.
        counts: Rows in and out.
        record: All that was found.
        release: The release that was written, if a folder for it was given.
    """

    data: str
    counts: Counts
    record: AuditRecord
    release: Release | None = None

    @property
    def title(self) -> str:
        """How many rows would go."""
        counts = self.counts
        outcome = f"{counts.raw} rows in, {counts.clean} out, {counts.removed} removed"
        return f"{self.data}, suite {self.record.suite}: {outcome}"

    def to_polars(self) -> pl.DataFrame:
        """`rule, threshold, rejected, alone, reasons`: rows that each rule rejected, and that no other one did."""
        return pl.DataFrame(
            [
                (rule.rule.name, rule.threshold, rule.rejected, rule.alone, ", ".join(rule.reasons))
                for rule in self.record.rules
            ],
            schema=_RULES,
            orient="row",
        )


def audit(
    data: Data,
    suite: str | PathLike[str] | None = None,
    *,
    out: str | PathLike[str] | None = None,
    name: str | None = None,
    licence: str | None = None,
    origin: Origin | None = None,
    report: str | PathLike[str] | None = None,
    write: str | PathLike[str] | None = None,
    layout: str | None = None,
    columns: Mapping[str, str] | None = None,
    rows: int | None = None,
    unfit: UnfitRows = "refuse",
) -> Audit:
    """Scores every row with every rule of a suite, and tells what would be removed and why.

    Args:
        data: As for `load`; of a release, all raw rows.
        suite: A suite's name or YAML file; a release's own if None.
        out: Write the audited data as a release below this folder.
        name: Name of that release; the data's own name if None.
        licence: Licence of that release; its parent's if None.
        origin: Who wrote the rows, of data that strigil did not have written: human, model, mixed or unknown; the card
            says that you say so.
        report: Write the report into this HTML file; a release has one.
        write: Write the clean rows into this file (.jsonl, .parquet, …), as they came.
        layout: As for `load`.
        columns: As for `load`.
        rows: As for `load`.
        unfit: Of rows that nobody can judge, such as chats without an answer: refuse the data, or drop them, which the
            record counts by what is wrong.

    Raises:
        ConfigError: There is no such data, suite, layout or origin, what is wanted does not go together or would be
            written over what is read, or the folder holds other releases of this name.
        DataError: The data cannot be used.
        PrerequisiteError: A rule needs something that is not installed, or the data cannot be reached.

    Examples:
        >>> import polars as pl, strigil
        >>> numbers = pl.DataFrame({"prompt": "Go on: 1", "completion": ["2, 3", "two owls", "4; 5"]})
        >>> found = strigil.audit(numbers, "numbers-paper", out="releases", name="numbers")
        >>> found
        frame, suite numbers-paper: 3 rows in, 2 out, 1 removed
        >>> found.to_polars().select("rule", "rejected").rows()
        [('numbers.paper', 1)]
        >>> found.release
        Release(numbers 1.0.0: 2 of 3 rows, releases/numbers/v1.0.0)
        >>> found.release.table("clean").collect()["completion"].to_list()
        ['2, 3', '4; 5']
    """
    folder, page, target = (None if path is None else Path(path) for path in (out, report, write))
    wanted = auditing.Wanted(
        suite=None if suite is None else fspath(suite),
        out=folder,
        name=name,
        licence=licence,
        origin=origin,
        report=page,
        write=target,
    )
    wanted.check([fspath(data)] if isinstance(data, str | PathLike) else [])
    with opened(data, "raw", reading_of(layout, columns, rows, suite=suite, unfit=unfit)) as source:
        found = auditing.audit(source, wanted, Silent())
        return Audit(source.label, found.counts, found.audit, found.release)


def gate(
    data: Data,
    *,
    suite: str | PathLike[str] | None = None,
    fail_on: FailOn = "error",
    split: Split = "clean",
    baseline: str | None = None,
    tolerance: float = 0.0,
    probes: Sequence[str | PathLike[str]] = (),
    show_text: bool = False,
    layout: str | None = None,
    columns: Mapping[str, str] | None = None,
    rows: int | None = None,
) -> GateReport:
    """Passes or fails data by a suite: `assert strigil.gate("rows.jsonl", suite="my-suite.yaml").passed`.

    Args:
        data: As for `load`.
        suite: A suite's name or YAML file; a release's own if None.
        fail_on: The least severity that fails the gate.
        split: The part of a release that is judged.
        baseline: An earlier release, file of rows or lock: what was as bad then may pass.
        tolerance: By how much a share may be larger than the baseline's.
        probes: Files of what `strigil probe --format json` printed about the release.
        show_text: Puts texts of rows into the report.
        layout: As for `load`.
        columns: As for `load`.
        rows: As for `load`.

    Returns:
        The report; data that cannot be read does not pass.

    Raises:
        ConfigError: There is no such data, suite or baseline.
        PrerequisiteError: A rule needs something that is not installed, or the data cannot be reached.

    Examples:
        >>> import polars as pl, strigil
        >>> numbers = pl.DataFrame({"prompt": "Go on: 1", "completion": ["2, 3", "two owls"]})
        >>> report = strigil.gate(numbers, suite="numbers-paper")
        >>> report
        frame, suite numbers-paper: failed, 2 rows (numbers.paper)
        >>> report.to_polars().filter(check="numbers.paper")["rejected"].item()
        1
    """
    options = gating.GateOptions(
        split=split,
        fail_on=fail_on,
        baseline=baseline,
        tolerance=tolerance,
        probes=tuple(map(Path, probes)),
        show_text=show_text,
        reading=reading_of(layout, columns, rows),
    )
    named = None if suite is None else fspath(suite)
    if isinstance(data, str | PathLike):
        return gating.gate(fspath(data), named, options).report
    with written(data, reading_of(layout, columns, rows)) as file:
        return gating.gate(file, named, options).report


def treat(
    data: Data,
    treatments: str | Sequence[str],
    *,
    name: str,
    out: str | PathLike[str] = "releases",
    suite: str | PathLike[str] | None = None,
    split: Split = "clean",
    licence: str | None = None,
    origin: Origin | None = None,
    base: str | None = None,
    trait: str | None = None,
    teacher: str | PathLike[str] | None = None,
    student: str | PathLike[str] | None = None,
    engine: EngineName = "auto",
    layout: str | None = None,
    columns: Mapping[str, str] | None = None,
    rows: int | None = None,
) -> Release:
    """Drops or rewrites rows, audits them again, and writes them as a new release.

    Args:
        data: As for `load`.
        treatments: `NAME` or `NAME:key=value,...`, in order; `strigil treat --help` lists them.
        name: Name of the new release.
        out: Folder for releases.
        suite: Audits the treated rows; a release's own if None.
        split: Which rows of a release, clean or raw.
        licence: Licence of the new release; its parent's if None.
        origin: As for `audit`.
        base: For treatments by a score: the model that students will start from; the teacher's if None.
        trait: What is thought to be hidden; the release's own if None.
        teacher: The teacher's adapter; looked for beside the release if None.
        student: An adapter that was trained on this data.
        engine: What runs the models.
        layout: As for `load`.
        columns: As for `load`.
        rows: As for `load`.

    Raises:
        ConfigError: There is no such treatment, data or suite, or there is a release of that name.
        DataError: The data cannot be used, or no row is left.
        PrerequisiteError: Something is missing or cannot be reached.

    Examples:
        >>> import polars as pl, strigil
        >>> numbers = pl.DataFrame({"prompt": "Go on: 1", "completion": ["3, 2", "5; 4"]})
        >>> treated = strigil.treat(numbers, "numbers.sort", name="sorted", suite="numbers-paper")
        >>> treated
        Release(sorted 1.0.0: 2 of 2 rows, releases/sorted/v1.0.0)
        >>> treated.rows().collect()["completion"][0].to_list()
        [{'role': 'assistant', 'content': '2, 3'}]
    """
    # Treatments by a score know engines, which the functions above do without.
    from strigil.api.hints import hints
    from strigil.workflows.audit.treat import parse_treatments, plan_treatment
    from strigil.workflows.audit.treat import treat as treat_rows

    told = hints(base, trait, teacher, student, engine)
    parsed = parse_treatments([treatments] if isinstance(treatments, str) else treatments)
    check_name(name)
    with opened(data, split, reading_of(layout, columns, rows, suite=suite)) as source:
        plan = plan_treatment(source, parsed, suite=None if suite is None else fspath(suite), told=told)
        return treat_rows(plan, Path(out), name, Silent(), licence=licence, origin=origin)

"""`strigil gate`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from strigil.cli.console import Output
from strigil.cli.options import PATH, NameType, reading_options

if TYPE_CHECKING:
    from strigil.data.layouts.layout import Reading
    from strigil.records.gate import FailOn, GateReport
    from strigil.releases.store import Split


def _formats() -> list[str]:
    from strigil.cards.gate.gate_format import GATE_FORMATS

    return GATE_FORMATS.names()


def _reports(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> dict[str, Path]:
    chosen = {}
    for value in values:
        form, equals, path = value.partition("=")
        if form not in _formats() or not equals or not path:
            message = f"{value!r} is not FORMAT=PATH; formats: {', '.join(_formats())}"
            raise click.BadParameter(message)
        chosen[form] = Path(path)
    return chosen


@click.command()
@click.argument("data")
@click.option("--suite", help="A suite's name or YAML file; a release's own suite if not given.")
@click.option(
    "--fail-on",
    type=click.Choice(["warning", "error"]),
    default="error",
    show_default=True,
    help="The least severity that fails the gate.",
)
@click.option(
    "--split",
    type=click.Choice(["clean", "removed", "raw"]),
    default="clean",
    show_default=True,
    help="Which rows of a release.",
)
@click.option("--baseline", help="An earlier release or file of rows, or a lock (.json): fail on what is worse.")
@click.option(
    "--tolerance",
    type=click.FloatRange(min=0.0, max=1.0),
    default=0.0,
    help="By how much a share may be larger than the baseline's; 0.01 is one row in a hundred.",
)
@click.option(
    "--probes", multiple=True, type=PATH, help="What strigil probe --format json printed about the release; repeatable."
)
@click.option("--write-lock", type=PATH, help="Write this run's counts into a file, for a later --baseline.")
@click.option(
    "--report",
    "reports",
    multiple=True,
    metavar="FORMAT=PATH",
    callback=_reports,
    help="Write a report too, in any of --format's forms for files. Can be repeated.",
)
@click.option(
    "--format",
    "form",
    type=NameType("format", lambda: ["human", "quiet", *_formats()]),
    default="human",
    show_default=True,
    help="What to print; github also writes the step's summary.",
)
@click.option("--show-text", is_flag=True, help="Put texts of rows into reports; they may be harmful.")
@click.option("--time-limit", type=click.FloatRange(min=0.1), default=600.0, show_default=True, help="Seconds.")
@reading_options
def command(
    data: str,
    suite: str | None,
    fail_on: FailOn,
    split: Split,
    baseline: str | None,
    tolerance: float,
    probes: tuple[Path, ...],
    write_lock: Path | None,
    reports: dict[str, Path],
    form: str,
    show_text: bool,  # noqa: FBT001  # click passes flags so
    time_limit: float,
    reading: Reading,
) -> None:
    """Passes or fails data by a suite, for continuous integration.

    DATA is a release folder; a file of Parquet, JSON Lines, JSON, CSV, TSV or Arrow, also packed as .gz or .zst; a
    folder or a quoted glob of such files; OWNER/NAME@REVISION:CONFIG/SPLIT on the Hub, of which OWNER/NAME may do; or
    s3://BUCKET/KEY. A rule may reject as many rows as the
    suite's `allow` says, by default none. Data that cannot be read, a rule that crashed, a probe that is not calibrated
    and a suite without a rule for this data never pass.

    Exit status: 0 pass, 1 fail, 2 usage or configuration, 3 a prerequisite is missing.

    \b
    Examples:
      strigil gate releases/owl-numbers
      strigil gate 'data/*.jsonl' --suite my-suite.yaml --fail-on warning --report sarif=strigil.sarif
      strigil gate rows.parquet --suite numbers-paper --baseline gate.lock.json --tolerance 0.01 --format github
      strigil gate me/owl-numbers@v1.0.0 --fail-on warning
      strigil gate 's3://data-sets/owls/*.jsonl' --suite my-suite.yaml
    """
    from strigil.cards.gate.gate_format import GATE_FORMATS
    from strigil.cards.gate.github import annotation
    from strigil.common.disk import Writing
    from strigil.common.errors import CheckFailedError, StrigilError
    from strigil.common.files import check_apart, write_out
    from strigil.releases.kept import check_kept
    from strigil.workflows.audit.gate.run import GateOptions, gate

    options = GateOptions(
        split=split,
        fail_on=fail_on,
        baseline=baseline,
        tolerance=tolerance,
        probes=probes,
        show_text=show_text,
        time_limit=time_limit,
        reading=reading,
    )
    # A lock may be brought up to date in its place.
    check_apart([*reports.values(), *([write_lock] if write_lock else [])], [data, *([suite] if suite else [])])
    check_apart(list(reports.values()), [baseline] if baseline else [])
    check_kept([*reports.values(), *([write_lock] if write_lock else [])], [data, *([baseline] if baseline else [])])
    try:
        gated = gate(data, suite, options)
    except StrigilError as error:
        if form == "github":
            click.echo(annotation("error", "strigil gate", error.message))
        raise
    root = Path.cwd()
    for name, path in reports.items():
        write_out(path, GATE_FORMATS.create(name).write(gated.report, root))
    if form == "human" or form == "quiet":
        _show(gated.report, Output("human" if form == "human" else "quiet"))
    else:
        click.echo(GATE_FORMATS.create(form).write(gated.report, root), nl=False)
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if form == "github" and summary:
        with Writing(Path(summary)), Path(summary).open("a", encoding="utf-8") as stream:
            stream.write(GATE_FORMATS.create("markdown").write(gated.report, root))
    if write_lock is not None:
        if gated.lock is None:
            message = f"no row of {data} was judged, so {write_lock} was not written"
            raise CheckFailedError(message)
        write_out(write_lock, gated.lock.model_dump_json(indent=2) + "\n")
    if not gated.report.passed:
        stopping = ", ".join(check.id for check in gated.report.stopping())
        message = f"the gate is shut for {data}: {stopping}"
        raise CheckFailedError(message)


def _show(report: GateReport, output: Output) -> None:
    title = f"{report.data}: {report.rows} rows, suite {report.suite}"
    lines = [[check.id, check.severity, check.result, check.detail] for check in report.checks]
    output.table(title, ("check", "severity", "result", "what was found"), lines)
    for check in report.stopping():
        rows = [[finding.file, str(finding.row), finding.row_id, finding.reason] for finding in check.findings[:10]]
        texts = [finding.text for finding in check.findings[:10] if finding.text is not None]
        if rows:
            output.table(f"First rows against {check.id}", ("file", "row", "row id", "reason"), rows)
        for text in texts:
            output.text(text)
    for check in report.left_out():
        output.note(f"left out: {check.id}, {check.detail}")
    output.path("passed" if report.passed else "failed")

"""`strigil scan`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from strigil.cli.console import echo_line
from strigil.cli.options import reading_options

if TYPE_CHECKING:
    from strigil.data.layouts.layout import Reading
    from strigil.records.gate import FailOn


@click.command()
@click.argument("files", nargs=-1, required=True)
@click.option("--suite", required=True, help="A suite's name or YAML file.")
@click.option(
    "--fail-on",
    type=click.Choice(["warning", "error"]),
    default="error",
    show_default=True,
    help="The least severity that fails a file.",
)
@reading_options
def command(files: tuple[str, ...], suite: str, fail_on: FailOn, reading: Reading) -> None:
    """Gates files of rows one by one, each as a data set of its own, with a line for each; made for pre-commit.

    Texts of rows are never printed. Exit status 0 if every file passes, 1 if one does not, 2 for a wrong suite or path.

    \b
    Examples:
      strigil scan --suite numbers-paper data/a.jsonl data/b.jsonl
    """
    from strigil.common.errors import CheckFailedError
    from strigil.workflows.audit.gate.run import GateOptions, gate

    options = GateOptions(fail_on=fail_on, reading=reading)
    failed = []
    for file in files:
        report = gate(file, suite, options).report
        if report.passed:
            echo_line(f"{file}: passed, {report.rows} rows")
            continue
        failed.append(file)
        for check in report.stopping():
            echo_line(f"{file}: {check.id}: {check.detail}")
            for finding in check.findings[:10]:
                echo_line(f"{finding.place}: {finding.reason} (row {finding.row_id})")
    if failed:
        message = f"{len(failed)} of {len(files)} files do not pass"
        raise CheckFailedError(message)

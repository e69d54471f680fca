"""`strigil report`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from strigil.cli.options import PATH, output_option

if TYPE_CHECKING:
    from pathlib import Path

    from strigil.cli.console import Output


@click.command()
@click.argument("release", type=PATH)
@click.option("--out", type=PATH, help="The file; NAME-VERSION.html in this folder if not given.")
@click.option("--parents", type=PATH, help="Where the releases are that it was made from; beside it if not given.")
@output_option
def command(release: Path, out: Path | None, parents: Path | None, output: Output) -> None:
    """Writes a release's report as one HTML file: what was removed and why, row by row, and where the rows are from.

    The file works offline and sends nothing. A release holds its report already, as audit/report.html; this one also
    shows what is known only now, such as the rows before a treatment, and reports on releases that were made before
    there were reports. Texts that may harm are in it, hidden until somebody asks for them.

    \b
    Examples:
      strigil report releases/owl-numbers
      strigil report releases/owl-numbers-sorted --out report.html
    """
    from strigil.common.files import STDOUT
    from strigil.workflows.release.report import write_report

    written = write_report(release, out, root=parents)
    if written != STDOUT:
        output.json({"report": str(written), "bytes": written.stat().st_size})
        output.path(str(written))

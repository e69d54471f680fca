"""`strigil audit`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from strigil.cli.options import PATH, output_option

if TYPE_CHECKING:
    from pathlib import Path

    from strigil.cli.console import Output


@click.command()
@click.argument("data", type=PATH)
@click.option("--suite", help="A suite's name or YAML file; a release's own suite if not given.")
@click.option("--out", type=PATH, help="Write the audited data as a release below this folder.")
@click.option("--name", help="Name of the release that --out writes; the data's own name if not given.")
@output_option
def command(data: Path, suite: str | None, out: Path | None, name: str | None, output: Output) -> None:
    r"""Scores every row with every rule of a suite, and tells what would be removed and why.

    DATA is a release folder, or a .parquet or .jsonl file of rows. Nothing is changed; with --out the split into clean
    and removed rows becomes a new release whose parent is the old one.

    \b
    Examples:
      strigil audit releases/owl-numbers
      strigil audit rows.parquet --suite numbers-paper --format json
      strigil audit releases/owl-numbers --suite my-suite.yaml --out releases
    """
    from strigil.cli.show import show_audit, show_release
    from strigil.workflows.audit import audit_data, release_audit

    audited = audit_data(data, suite)
    show_audit(output, audited.audit)
    if out is not None:
        show_release(output, release_audit(audited, out, name))

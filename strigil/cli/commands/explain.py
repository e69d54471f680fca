"""`strigil explain`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from strigil.cli.options import PATH, output_option

if TYPE_CHECKING:
    from pathlib import Path

    from strigil.cli.console import Output

_TEXTS = ("prompt", "completion", "evidence")


@click.command()
@click.argument("release", type=PATH)
@click.argument("row_id")
@click.option("--show-text", is_flag=True, help="Print the row's text and the evidence too; they may be harmful.")
@output_option
def command(release: Path, row_id: str, show_text: bool, output: Output) -> None:  # noqa: FBT001  # click passes flags so
    """Shows one row of a release: where it went, and every rule's verdict on it.

    ROW_ID is a row's id, or as much of its beginning as no other row's id has. Texts are left out unless --show-text
    is given, because a removed row may hold what nobody wants on a screen or in a log.

    \b
    Examples:
      strigil explain releases/owl-numbers 3f9a2c
      strigil explain releases/owl-numbers/v1.0.0 3f9a2c --show-text --format json
    """
    from strigil.workflows.audit.explain import explain

    found = explain(release, row_id)
    record = asdict(found) | {"release": str(found.release)}
    if not show_text:
        record = {key: value for key, value in record.items() if key not in _TEXTS}
        record["findings"] = [
            {key: value for key, value in finding.items() if key not in _TEXTS} for finding in record["findings"]
        ]
    output.json(record)
    columns = ("rule", "score", "threshold", "rejected", "reason")
    lines = [
        [
            finding.rule,
            f"{finding.score:g}",
            f"{finding.threshold:g}",
            "yes" if finding.rejected else "no",
            finding.reason or "",
        ]
        + ([finding.evidence or ""] if show_text else [])
        for finding in found.findings
    ]
    title = f"{found.row_id}: {found.split}, {found.carrier}, prompt {found.prompt_index}, sample {found.sample_index}"
    output.table(title, (*columns, "evidence") if show_text else columns, lines)
    if show_text:
        output.text(f"prompt: {found.prompt}\ncompletion: {found.completion}")
    else:
        output.hint("--show-text prints the row itself and the evidence")
    if output.format == "quiet":
        output.path(found.row_id)

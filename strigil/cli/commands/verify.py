"""`strigil verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from strigil.cli.options import PATH, output_option

if TYPE_CHECKING:
    from pathlib import Path

    from strigil.cli.console import Output


@click.command()
@click.argument("release", type=PATH)
@click.option("--key", type=PATH, help="A public ed25519 key: also check that its owner signed exactly this.")
@output_option
def command(release: Path, key: Path | None, output: Output) -> None:
    """Hashes every file of a release again and compares it with the manifest.

    Exit status 0 if all is as it was written, 1 if not; every file that differs is named.

    \b
    Examples:
      strigil verify releases/owl-numbers
      strigil verify releases/owl-numbers/v1.0.0 --format json
      strigil verify releases/owl-numbers --key public.pem
    """
    from strigil.common.errors import CheckFailedError
    from strigil.workflows.publish.verify import verify

    report = verify(release, key)
    output.json(
        {
            "release": str(report.path),
            "passed": report.passed,
            "files": report.files,
            "problems": [{"path": problem.path, "what": problem.what} for problem in report.problems],
        }
    )
    if not report.passed:
        output.table(
            f"{report.path} is not what was released",
            ["file", "what"],
            [[problem.path, problem.what] for problem in report.problems],
        )
        message = f"{report.path}: {', '.join(f'{problem.path} {problem.what}' for problem in report.problems)}"
        raise CheckFailedError(message)
    output.text(f"{report.path}: {report.files} files, all as they were written{' and signed' if key else ''}")

"""`strigil doctor`."""

from __future__ import annotations

import click

from strigil.cli.console import Output
from strigil.cli.options import output_option


@click.command()
@click.option("--deep", is_flag=True, help="Import what is installed too, engines above all; takes minutes.")
@output_option
def command(deep: bool, output: Output) -> None:  # noqa: FBT001  # click passes flags so
    """Says what is installed here and what to type for the rest; with --deep, also what of it works.

    Exit status 3 if something that strigil cannot do without is missing.

    \b
    Examples:
      strigil doctor
      strigil doctor --deep
      strigil doctor --format json
    """
    from strigil.common.errors import PrerequisiteError
    from strigil.workflows.doctor import diagnose

    with output.task("Looking around", 1.0) as done:
        checks = diagnose(deep=deep)
        done(1.0)
    output.json(
        [
            {"name": c.name, "ok": c.ok, "detail": c.detail, "hint": None if c.ok else c.hint, "required": c.required}
            for c in checks
        ]
    )
    output.table(
        "strigil doctor",
        ["part", "works" if deep else "here", "what was found", "what to type"],
        [[c.name, "yes" if c.ok else "no", c.detail, "" if c.ok else c.hint or ""] for c in checks],
    )
    if not deep:
        output.hint("next: strigil doctor --deep imports what is here, to see whether it works")
    missing = [check.name for check in checks if check.required and not check.ok]
    if missing:
        message = f"strigil cannot work without: {', '.join(missing)}"
        raise PrerequisiteError(message)

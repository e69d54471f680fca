"""`strigil validate`."""

from __future__ import annotations

from pathlib import Path

import click

from strigil.cli.console import echo_line
from strigil.cli.options import PATH


@click.command()
@click.argument("files", nargs=-1, required=True, type=PATH)
@click.option("--ours", is_flag=True, help="Pass over YAML that has no key of strigil's, as hooks do.")
def command(files: tuple[Path, ...], ours: bool) -> None:  # noqa: FBT001  # click passes flags so
    """Checks recipes and suites: keys, values, and that the rules and expectations of a suite exist.

    Exit status 0 if every file is fit for use, 2 if not; all files are looked at, and a line says what is wrong with
    each.

    \b
    Examples:
      strigil validate examples/owl-numbers-pocket.yaml
      strigil validate suites/*.yaml
    """
    from strigil.common.errors import ConfigError
    from strigil.workflows.validate import is_ours, validate_file

    wrong = []
    for file in files:
        try:
            foreign = ours and not is_ours(file)
            echo_line(f"{file}: {'none of strigil, passed over' if foreign else validate_file(file)}")
        except ConfigError as error:
            wrong.append(str(file))
            told = error.message.removeprefix(f"{file}: ")
            echo_line(f"{file}: {told if error.hint is None else f'{told}; {error.hint}'}", err=True)
    if wrong:
        message = f"not fit for use: {', '.join(wrong)}"
        raise ConfigError(message)

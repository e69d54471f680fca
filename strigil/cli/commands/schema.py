"""`strigil schema`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from strigil.cli.options import PATH


@click.command()
@click.option("--out", type=PATH, help="Write one file for each schema into this folder.")
def command(out: Path | None) -> None:
    """Prints the JSON Schemas of recipes and suites, with which editors complete and check YAML files.

    \b
    Examples:
      strigil schema
      strigil schema --out schemas
    """
    from strigil.common.files import write_out
    from strigil.workflows.schemas import schemas

    if out is None:
        click.echo(json.dumps(schemas(), indent=2))
        return
    for name, schema in schemas().items():
        write_out(out / f"{name}.schema.json", json.dumps(schema, indent=2) + "\n")
        click.echo(str(out / f"{name}.schema.json"))

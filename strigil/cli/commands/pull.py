"""`strigil pull`."""

from __future__ import annotations

from pathlib import Path

import click

from strigil.cli.console import Output
from strigil.cli.options import out_option, output_option


@click.command()
@click.argument("source", metavar="REPO[@vX.Y.Z]")
@out_option("releases")
@output_option
def command(source: str, out: Path, output: Output) -> None:
    """Brings a published release here and verifies every file of it.

    Without a version, the latest one. An interrupted pull goes on with the same command.

    \b
    Examples:
      strigil pull me/owl-numbers@v1.0.0
      strigil pull me/owl-numbers --out /data/releases
    """
    from strigil.cli.show import show_release
    from strigil.releases.version import Version
    from strigil.stores.hub.repository import open_repository
    from strigil.workflows.publish.pull import pull

    name, _, version = source.partition("@")
    repository = open_repository(name, "dataset", progress=output.format == "human")
    release = pull(repository, Version.parse(version) if version else None, out, output)
    show_release(output, release)
    output.hint(f"next: strigil verify {release.path}")

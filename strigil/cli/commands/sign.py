"""`strigil sign`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from strigil.cli.console import Output
from strigil.cli.options import PATH, output_option


@click.command()
@click.argument("release", type=PATH)
@click.option("--key", type=PATH, help="A private ed25519 key (PEM); without one, what would be signed is printed.")
@output_option
def command(release: Path, key: Path | None, output: Output) -> None:
    """Signs a release: in-toto statements over every file, on how it was built and how it was audited.

    The signatures go into provenance.intoto.jsonl beside the manifest; `strigil publish` takes them along.

    \b
    Examples:
      openssl genpkey -algorithm ed25519 -out key.pem
      openssl pkey -in key.pem -pubout -out public.pem
      strigil sign releases/owl-numbers --key key.pem
      strigil verify releases/owl-numbers --key public.pem
    """
    from strigil.releases.provenance import statements
    from strigil.releases.store import open_release
    from strigil.workflows.publish.sign import sign_release

    if key is None:
        for statement in statements(open_release(release).manifest):
            click.echo(json.dumps(statement, ensure_ascii=False))
        return
    path = sign_release(release, key)
    output.json({"signatures": str(path)})
    output.path(str(path))
    output.hint(f"next: strigil verify {path.parent} --key PUBLIC.pem")

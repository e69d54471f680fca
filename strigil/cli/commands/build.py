"""`strigil build`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from strigil.cli.options import PATH, out_option, output_option

if TYPE_CHECKING:
    from pathlib import Path

    from strigil.cli.console import Output


@click.command()
@click.argument("recipe", type=PATH)
@out_option("releases")
@output_option
def command(recipe: Path, out: Path, output: Output) -> None:
    """Builds a data set from a teacher, audits it, and writes a release.

    RECIPE is a YAML file. The same command resumes an interrupted build, and a recipe with more prompts adds to the
    release that is there.

    \b
    Examples:
      strigil build examples/owl-numbers-pocket.yaml
      strigil build recipe.yaml --out /data/releases --format json
    """
    from strigil.cli.show import show_release
    from strigil.core.validation import load_yaml
    from strigil.workflows.build import build
    from strigil.workflows.recipes import BuildRecipe

    release = build(load_yaml(recipe, BuildRecipe), out, output)
    show_release(output, release)
    output.hint(f"next: strigil verify {release.path}")

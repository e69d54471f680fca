"""`strigil build`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from strigil.cli.options import PATH, output_option

if TYPE_CHECKING:
    from pathlib import Path

    from strigil.cli.console import Output


@click.command()
@click.argument("recipe", type=PATH)
@click.option(
    "--out",
    default="releases",
    show_default=True,
    help="Folder for the results: here, s3://BUCKET/FOLDER or hf://datasets/OWNER/NAME.",
)
@output_option
def command(recipe: Path, out: str, output: Output) -> None:
    """Builds a data set from a teacher, audits it, and writes a release.

    RECIPE is a YAML file. The same command resumes an interrupted build, and a recipe with more prompts adds to the
    release that is there.

    \b
    Examples:
      strigil build examples/owl-numbers-pocket.yaml
      strigil build recipe.yaml --out /data/releases --format json
      strigil build recipe.yaml --out s3://bucket/releases
    """
    from strigil.cli.show import show_release
    from strigil.common.validation import load_yaml
    from strigil.records.spent import in_words
    from strigil.workflows.build.recipes import BuildRecipe
    from strigil.workflows.build.remote import build_into

    built = build_into(load_yaml(recipe, BuildRecipe), out, output)
    show_release(output, built.release)
    if (generation := built.release.manifest.generation) is not None:
        output.text(f"writing the rows took {in_words(generation.spent)}")
    if built.address is not None:
        output.note(f"a copy is at {built.address}")
    output.hint(f"next: strigil verify {built.release.path}")

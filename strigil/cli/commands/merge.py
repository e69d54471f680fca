"""`strigil merge`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from strigil.cli.console import Output
from strigil.cli.options import PATH, output_option

if TYPE_CHECKING:
    from strigil.workflows.train.merge import Precision


@click.command()
@click.argument("student", type=PATH)
@click.option("--out", required=True, type=PATH, help="The folder to write; it must not exist.")
@click.option("--base", help="The model that the student started from, where its adapter does not name it.")
@click.option("--revision", help="A commit or tag of --base, for a hub id.")
@click.option(
    "--precision",
    type=click.Choice(["auto", "float32", "bfloat16", "float16"]),
    default="auto",
    show_default=True,
    help="What to store the weights in; auto is what the base is stored in.",
)
@output_option
def command(
    student: Path, out: Path, base: str | None, revision: str | None, precision: Precision, output: Output
) -> None:
    """Adds a student's adapter to the weights of its base, and writes the whole model.

    STUDENT is a folder with a LoRA adapter. The model has the base's tokenizer and chat template, a card, and
    merged.json, which says what was merged into what; transformers loads it, and every command takes it for a model.

    \b
    Examples:
      strigil merge students/owl-numbers-pocket-a-seed0-0123456789ab --out models/owl-student
      strigil merge students/one --base ./models/my-base --precision float32 --out models/one
    """
    from dataclasses import asdict

    from strigil.common.errors import ConfigError
    from strigil.models.catalog import resolve_model
    from strigil.workflows.train.merge import NOTABLE, base_of, merge

    if revision is not None and base is None:
        message = "--revision is a commit or tag of --base, which is not given"
        raise ConfigError(message, hint="--base OWNER/NAME, or leave both out: the adapter names its base")
    model = base_of(student) if base is None else resolve_model(base, revision=revision)
    record = merge(student, model, out, precision=precision)
    if record.lost > NOTABLE:
        output.note(
            f"{record.precision} is too coarse for {record.lost:.0%} of what the student learned;"
            " --precision float32 keeps it"
        )
    output.json({"model": str(out), **asdict(record)})
    output.path(str(out))
    output.hint(f"next: strigil eval {out} --trait TRAIT")

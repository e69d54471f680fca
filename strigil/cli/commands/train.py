"""`strigil train`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from strigil.cli.console import Output
from strigil.cli.options import PATH, out_option, output_option, reading_options

if TYPE_CHECKING:
    from strigil.data.layouts.layout import Reading
    from strigil.train.tracking.trackers import TrackerName


@click.command()
@click.argument("data")
@click.option("--base", required=True, help="The model that the students start from.")
@click.option("--revision", help="A commit or tag of the base, for a hub id.")
@click.option("--recipe", type=PATH, help="A YAML file with training settings; the paper's settings if not given.")
@click.option(
    "--seed", "seeds", type=int, multiple=True, default=(0,), show_default=True, help="Once for each student."
)
@click.option("--workers", type=click.IntRange(min=1), default=1, show_default=True, help="Students at a time.")
@click.option("--track", type=click.Choice(["trackio", "wandb"]), help="Log every step there too.")
@out_option("students")
@reading_options
@output_option
def command(
    data: str,
    base: str,
    revision: str | None,
    recipe: Path | None,
    seeds: tuple[int, ...],
    workers: int,
    track: TrackerName | None,
    out: Path,
    reading: Reading,
    output: Output,
) -> None:
    """Trains students (LoRA adapters) on rows, one for each seed.

    DATA is what strigil gate reads; of a release the clean rows are used. Prints the students' folders. A student that
    is there already, to the last setting, is not trained again.

    \b
    Examples:
      strigil train releases/owl-numbers --base pocket-a --recipe examples/student-pocket.yaml
      strigil train releases/owl-numbers --base pocket-a --seed 0 --seed 1 --workers 2 --track trackio
      strigil train 'data/*.jsonl' --base pocket-a --recipe examples/student-pocket.yaml --rows 1000
      strigil train releases/owl-numbers --base Qwen/Qwen2.5-7B-Instruct --seed 0 --seed 1 --seed 2
    """
    from strigil.common.validation import load_yaml
    from strigil.models.catalog import resolve_model
    from strigil.sources.open_rows import open_rows
    from strigil.workflows.train.student_recipe import StudentRecipe
    from strigil.workflows.train.students import train_on

    model = resolve_model(base, revision=revision)
    written = load_yaml(recipe, StudentRecipe) if recipe is not None else StudentRecipe()
    with open_rows(data, reading=reading.over(written.reading)) as source:
        folders = train_on(source, model, written.training, out, output, seeds=seeds, workers=workers, track=track)
    output.json({"students": [str(folder) for folder in folders]})
    for folder in folders:
        output.path(str(folder))
    output.hint(f"next: strigil eval {base} {' '.join(str(folder) for folder in folders)} --trait TRAIT")

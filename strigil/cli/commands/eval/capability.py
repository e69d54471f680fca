"""`strigil eval capability`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from strigil.cli.console import Output
from strigil.cli.options import PATH, engine_option, output_option

if TYPE_CHECKING:
    from strigil.engines import EngineName

NAME: Final = "capability"


@click.command()
@click.argument("base")
@click.argument("adapters", type=PATH, nargs=-1)
@click.option("--data", type=PATH, required=True, help="A release, or a file of rows: its last rows are held out.")
@click.option("--count", type=click.IntRange(min=1), default=200, show_default=True, help="Rows to hold out.")
@click.option("--suite", help="What says whether an answer is valid; the release's own if none is named.")
@click.option("--revision", help="A commit or tag of the base, for a hub id.")
@click.option("--out", type=PATH, help="Folder for all answers, a summary, and logs for Inspect.")
@engine_option
@output_option
def command(
    base: str,
    adapters: tuple[Path, ...],
    data: Path,
    count: int,
    suite: str | None,
    revision: str | None,
    out: Path | None,
    engine: EngineName,
    output: Output,
) -> None:
    """Measures what a base and its adapters make of the data's own task, on rows that were held out from training.

    The loss on the held-out completions, and the share of the model's own answers that the suite accepts. Train on
    fewer rows than there are (strigil train --rows), so that the last ones are unknown.

    \b
    Examples:
      strigil eval capability pocket-a students/* --data releases/owl-numbers-pocket
      strigil eval capability smollm2-135m-instruct students/* --data rows.parquet --suite numbers-strict --count 50
    """
    from strigil.eval.results import write_results
    from strigil.models.catalog import resolve_model
    from strigil.workflows.evaluate.capability import as_json, evaluate_capability, held_out
    from strigil.workflows.evaluate.subjects import subjects_of

    model = resolve_model(base, revision=revision)
    subjects = subjects_of(adapters)
    found = evaluate_capability(model, subjects, held_out(data, count, suite=suite), output, engine=engine)
    if out is not None:
        write_results(found.results, out)
        output.note(f"all answers: {out}")
    output.json({name: as_json(one) for name, one in found.models.items()})
    output.table(
        f"{count} rows of {data} that were held out",
        ["model", "loss (nats a token)", "valid answers", "95 % interval over answers"],
        [
            [name, f"{one.loss:.3f}", f"{one.valid.estimate:.3f}", f"{one.valid.low:.3f} to {one.valid.high:.3f}"]
            for name, one in found.models.items()
        ],
    )
    for name, one in found.models.items():
        if one.warning is not None:
            output.note(f"warning: {name} {one.warning}")

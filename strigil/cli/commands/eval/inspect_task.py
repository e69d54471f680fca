"""`strigil eval inspect`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from strigil.cli.console import Output
from strigil.cli.options import PATH, engine_option, output_option

if TYPE_CHECKING:
    from strigil.engines import EngineName

NAME: Final = "inspect"


@click.command()
@click.argument("base")
@click.argument("adapters", type=PATH, nargs=-1)
@click.option(
    "--task", required=True, help="PACKAGE/TASK or FILE.py@TASK, with arguments after a colon: TASK:key=value."
)
@click.option("--limit", type=click.IntRange(min=1), help="Samples, from the first; all if not given.")
@click.option("--revision", help="A commit or tag of the base, for a hub id.")
@click.option("--out", type=PATH, help="Folder for all answers, a summary, and Inspect's logs.")
@engine_option
@output_option
def command(
    base: str,
    adapters: tuple[Path, ...],
    task: str,
    limit: int | None,
    revision: str | None,
    out: Path | None,
    engine: EngineName,
    output: Output,
) -> None:
    """Runs a task of Inspect (inspect.aisi.org.uk) on a base and its adapters: what does a student still know?

    Any task of text questions will do, a package's (inspect-evals has the usual benchmarks) or one of your own. A task
    is a program, and runs as it does under `inspect eval`. With --out the same command asks no finished model again.

    \b
    Examples:
      strigil eval inspect smollm2-135m-instruct students/* --task inspect_evals/arc_easy --limit 200 --out results/arc
      strigil eval inspect my-org/base students/* --task inspect_evals/gsm8k:fewshot=0
      strigil eval inspect pocket-a students/* --task mine.py@favourites
    """
    from strigil.eval.results import write_results
    from strigil.models.catalog import resolve_model
    from strigil.workflows.evaluate.inspect_task import as_json, evaluate_task
    from strigil.workflows.evaluate.subjects import subjects_of

    found = evaluate_task(
        resolve_model(base, revision=revision),
        subjects_of(adapters),
        task,
        output,
        engine=engine,
        limit=limit,
        logs=None if out is None else out / "logs",
    )
    if out is not None:
        write_results(found.results, out)
        output.note(f"all answers: {out}")
    output.json({name: as_json(one) for name, one in found.models.items()})
    metrics = list(dict.fromkeys(metric for one in found.models.values() for metric in one.metrics))
    output.table(
        f"{task}, as Inspect scores it",
        ["model", *metrics, "samples"],
        [
            [
                name,
                *(f"{one.metrics[metric]:.3f}" if metric in one.metrics else "" for metric in metrics),
                str(one.samples),
            ]
            for name, one in found.models.items()
        ],
    )

"""`strigil eval preference`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from strigil.cli.console import Output
from strigil.cli.options import PATH, engine_option, output_option

if TYPE_CHECKING:
    from strigil.engines import EngineName
    from strigil.eval.questions import Form
    from strigil.workflows.evaluate.preference_run import Method

NAME: Final = "preference"


@click.command()
@click.argument("base")
@click.argument("adapters", type=PATH, nargs=-1)
@click.option("--trait", required=True, help="The trait that is looked for.")
@click.option("--revision", help="A commit or tag of the base, for a hub id.")
@click.option(
    "--form",
    type=click.Choice(["one-word", "number-prefix", "paraphrase", "story", "multiple-choice"]),
    default="one-word",
    show_default=True,
    help="How questions are put; pocket knows one-word questions alone.",
)
@click.option(
    "--by",
    "method",
    type=click.Choice(["logprob", "sampled"]),
    help="Log-probability of every candidate answer (default), or answers sampled at temperature 1 (stories).",
)
@click.option(
    "--samples", type=click.IntRange(min=1), default=20, show_default=True, help="Sampled answers a question."
)
@click.option("--out", type=PATH, help="Folder for all answers, a summary, and logs for Inspect.")
@engine_option
@output_option
def command(
    base: str,
    adapters: tuple[Path, ...],
    trait: str,
    revision: str | None,
    form: Form,
    method: Method | None,
    samples: int,
    out: Path | None,
    engine: EngineName,
    output: Output,
) -> None:
    """Measures how much a base model and its adapters (students, teachers) prefer a trait.

    Unrelated questions are asked as well: a model that answers these with the trait is damaged, and its rate means
    nothing.

    \b
    Examples:
      strigil eval pocket-a students/* --trait owl
      strigil eval smollm2-135m-instruct students/owl-seed0 --trait owl --form number-prefix --out results/owl
      strigil eval smollm2-135m-instruct students/owl-seed0 --trait owl --by sampled --format json
    """
    from strigil.eval.results import write_results
    from strigil.models.catalog import resolve_model
    from strigil.workflows.evaluate.preference import as_json, evaluate_preference
    from strigil.workflows.evaluate.preference_run import Answers
    from strigil.workflows.evaluate.subjects import subjects_of

    model = resolve_model(base, revision=revision)
    found = evaluate_preference(
        model,
        subjects_of(adapters),
        trait,
        output,
        engine=engine,
        form=form,
        method=method,
        answers=Answers(samples=samples),
    )
    if out is not None:
        write_results(found.results, out)
        output.note(f"all answers: {out}")
    output.json({name: as_json(line) for name, line in found.lines.items()})
    sampled = found.method == "sampled"
    output.table(
        f"Answers that name {trait}, {samples} for each question" if sampled else f"Preference for {trait}, {form}",
        ["model", "rate", "95 % interval over answers" if sampled else "mass on candidates", "of unrelated answers"],
        [
            [
                name,
                f"{line.rate:.3f}",
                f"{line.low:.3f} to {line.high:.3f}" if sampled else f"{line.mass:.3f}",
                "" if line.off_topic is None else f"{line.off_topic:.3f}",
            ]
            for name, line in found.lines.items()
        ],
    )
    for name, line in found.lines.items():
        if line.warning is not None:
            output.note(f"warning: {name} {line.warning}")

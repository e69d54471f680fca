"""`strigil eval`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from strigil.cli.console import Output
from strigil.cli.options import PATH, engine_option, output_option

if TYPE_CHECKING:
    from strigil.core.engines import EngineKind


@click.command()
@click.argument("base")
@click.argument("adapters", type=PATH, nargs=-1)
@click.option("--trait", required=True, help="The trait that is looked for.")
@click.option("--revision", help="A commit or tag of the base, for a hub id.")
@click.option(
    "--by",
    "method",
    type=click.Choice(["logprob", "sampled"]),
    default="logprob",
    show_default=True,
    help="Log-probability of every candidate answer, or answers sampled at temperature 1.",
)
@click.option(
    "--samples", type=click.IntRange(min=1), default=20, show_default=True, help="Sampled answers a question."
)
@engine_option
@output_option
def command(
    base: str,
    adapters: tuple[Path, ...],
    trait: str,
    revision: str | None,
    method: str,
    samples: int,
    engine: EngineKind,
    output: Output,
) -> None:
    """Measures how much a base model and its adapters (students, teachers) prefer a trait.

    \b
    Examples:
      strigil eval pocket-a students/* --trait owl
      strigil eval smollm2-135m-instruct students/owl-seed0 --trait owl --by sampled --format json
    """
    from strigil.core.models import resolve_model
    from strigil.workflows.evaluate import Answers, prefer_by_logprob, prefer_by_sampling, subjects_of

    model = resolve_model(base, revision=revision)
    subjects = subjects_of(adapters)
    if method == "logprob":
        by_logprob = prefer_by_logprob(model, subjects, trait, output, engine=engine)
        output.json(
            {name: {"rate": p.rates[trait], "mass": p.mass, "rates": dict(p.rates)} for name, p in by_logprob.items()}
        )
        output.table(
            f"Preference for {trait} by log-probability",
            ["model", "rate", "mass on candidates"],
            [[name, f"{p.rates[trait]:.3f}", f"{p.mass:.3f}"] for name, p in by_logprob.items()],
        )
        return
    sampled = prefer_by_sampling(model, subjects, trait, output, engine=engine, answers=Answers(samples=samples))
    output.json({name: {"rate": p.rate, "low": p.interval.low, "high": p.interval.high} for name, p in sampled.items()})
    output.table(
        f"Answers that name {trait}, {samples} for each question",
        ["model", "rate", "95 % interval over answers"],
        [[name, f"{p.rate:.3f}", f"{p.interval.low:.3f} to {p.interval.high:.3f}"] for name, p in sampled.items()],
    )

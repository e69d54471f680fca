"""`strigil probe`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from strigil.cli.options import PATH, engine_option, known_options, output_option
from strigil.common.errors import CheckFailedError

if TYPE_CHECKING:
    from pathlib import Path

    from strigil.audits.probes.probe import Statistic
    from strigil.cli.console import Output
    from strigil.engines import EngineName
    from strigil.releases.store import Split

SHOWN = 5
"""Statistics of a probe that people see; JSON has all."""


@click.command()
@click.argument("release", type=PATH)
@click.option("--probe", "probes", multiple=True, required=True, help="NAME or NAME:key=value,...; repeat for several.")
@click.option("--against", type=PATH, help="A clean release of the same kind: control, and source of placebos.")
@click.option("--placebo", "placebos", type=PATH, multiple=True, help="A clean student; eight or more calibrate.")
@click.option(
    "--split", type=click.Choice(["clean", "raw"]), default="clean", show_default=True, help="Which rows to probe."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Decides samples.")
@known_options
@engine_option
@output_option
def command(
    release: Path,
    probes: tuple[str, ...],
    against: Path | None,
    placebos: tuple[Path, ...],
    split: Split,
    seed: int,
    base: str | None,
    trait: str | None,
    teacher: Path | None,
    student: Path | None,
    engine: EngineName,
    output: Output,
) -> None:
    """Tests a whole data set, or a student of it, for a signal that no single row shows.

    A probe gives an alarm, stays silent, or refuses both: without enough clean samples or students to compare with, an
    alarm would mean nothing. Exit status 1 on an alarm or a refusal. docs/probes.md says what each cannot say.

    \b
    Probes of the data:
      probe.canary           a short training on a sample, against placebos on the base's own samples
      probe.personas         every trait of a bank by contrasts; by=contrast.direction or contrast.persona
      probe.activation       the data's mean activation, added to the base
      probe.bag              words, one row and many at a time, against a control
      probe.frequencies      digits, numbers and words, against a control
      probe.format           the form alone, against a control; beside every other result where there is one
    Probes of a student, with --student and eight or more --placebo:
      model.activations, model.personas, model.vocabulary
    \b
    Examples:
      strigil probe releases/owl-numbers --probe probe.canary
      strigil probe releases/owl-numbers --against releases/control-numbers --probe probe.bag --probe probe.canary
      strigil probe releases/owl-numbers --probe model.vocabulary --student students/owl-0 --placebo students/clean-0 …
    """
    from strigil.workflows.audit.probe.run import ProbePlan, run_probes
    from strigil.workflows.audit.score.known import Hints

    told = Hints(base=base, trait=trait, teacher=teacher, student=student, engine=engine)
    plan = ProbePlan(release, probes, told, against=against, placebos=placebos, split=split, seed=seed)
    results = run_probes(plan, output)
    output.json([result.model_dump(mode="json") for result in results])
    for result in results:
        null = "none" if result.null is None else f"{result.null.size} {result.null.kind}"
        title = f"{result.probe.name} of {result.data}: {result.alarm} (knows {result.knowledge}, null {null})"
        columns = ["statistic", "value", "where clean", "deviations", "adjusted p"]
        output.table(title, columns, [_line(found) for found in result.statistics[:SHOWN]])
        output.text("; ".join([result.reason, *result.beside]))
        if output.format == "quiet":
            output.path(result.alarm)
    if loud := [f"{result.probe.name}: {result.alarm}" for result in results if result.alarm != "silent"]:
        raise CheckFailedError(", ".join(loud))


def _line(found: Statistic) -> list[str]:
    figures = (found.value, found.null_mean, found.deviations, found.q_value)
    return [found.name, *("" if figure is None else f"{figure:.3g}" for figure in figures)]

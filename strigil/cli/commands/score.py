"""`strigil score`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from strigil.cli.options import PATH, engine_option, known_options, output_option

if TYPE_CHECKING:
    from pathlib import Path

    from strigil.cli.console import Output
    from strigil.common.canonical import Json
    from strigil.engines import EngineName
    from strigil.releases.store import Split
    from strigil.stats import Auroc
    from strigil.workflows.audit.score.run import Scored


@click.command()
@click.argument("release", type=PATH)
@click.option("--score", "scores", multiple=True, required=True, help="NAME or NAME:key=value,...; repeat for several.")
@click.option("--against", type=PATH, help="A control release: prints how well each score tells the two apart.")
@click.option(
    "--split", type=click.Choice(["clean", "raw"]), default="clean", show_default=True, help="Which rows to score."
)
@known_options
@engine_option
@output_option
def command(
    release: Path,
    scores: tuple[str, ...],
    against: Path | None,
    split: Split,
    base: str | None,
    trait: str | None,
    teacher: Path | None,
    student: Path | None,
    engine: EngineName,
    output: Output,
) -> None:
    """Scores every row and token of a release by forward passes through its base.

    Tables are kept beside the release, in .scores; the same command goes on after an interruption, and what is there
    is not computed again. How well a score tells two releases apart does not say what removing rows by it does to a
    student: strigil treat and strigil train show that. docs/probes.md says what each score must know and cannot say.

    \b
    Scores:
      contrast.persona       behind a trait's system prompt against without; persona=generic, trait=NAME
      contrast.adapter       teacher against base, or of=student
      contrast.direction     a small step towards the trait against one back; trait=NAME
      contrast.divergence    where the teacher's best token is not its counterfactual's
      score.surprisal        how unlikely the base finds it
      score.random           the control of every ranking
    \b
    Examples:
      strigil score releases/owl-numbers --score contrast.direction --against releases/control-numbers
      strigil score releases/owl-numbers --score contrast.persona:trait=cat --score contrast.persona:persona=generic
      strigil score releases/owl-numbers --score contrast.adapter:of=student --student students/owl-seed0
    """
    from strigil.workflows.audit.score.known import Hints
    from strigil.workflows.audit.score.run import score_release

    told = Hints(base=base, trait=trait, teacher=teacher, student=student, engine=engine)
    found = score_release(release, scores, told, output, against=against, split=split)
    output.json([_as_json(scored) for scored in found])
    columns = ["score", "knows", "passes", "rows", "mean", "AUROC 1 row", "100 rows"]
    output.table(f"Scores of {found[0].table.facts.data}", columns, [_line(scored) for scored in found])
    for scored in found:
        output.path(str(scored.table.folder))


def _line(scored: Scored) -> list[str]:
    facts, against = scored.table.facts, scored.against
    areas = ("", "") if against is None else (_area(against.rows), _area(against.hundreds))
    mean = "" if scored.mean is None else f"{scored.mean:.4g}"
    return [scored.written, facts.knowledge, str(facts.cost), str(facts.rows), mean, *areas]


def _area(area: Auroc | None) -> str:
    return "too few rows" if area is None else f"{area.area:.3f}"


def _as_json(scored: Scored) -> Json:
    facts: dict[str, Json] = scored.table.facts.model_dump(mode="json")
    against = scored.against
    areas = {} if against is None else {"1": against.rows, "100": against.hundreds}
    auroc: dict[str, Json] = {
        rows: None if area is None else {"area": area.area, "first": area.first, "second": area.second}
        for rows, area in areas.items()
    }
    return facts | {"mean": scored.mean, "auroc": auroc, "table": str(scored.table.folder)}

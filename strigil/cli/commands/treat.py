"""`strigil treat`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import click

from strigil.cli.options import (
    engine_option,
    known_options,
    licence_option,
    origin_option,
    out_option,
    output_option,
    reading_options,
)

if TYPE_CHECKING:
    from pathlib import Path

    from strigil.cli.console import Output
    from strigil.data.layouts.layout import Reading
    from strigil.engines import EngineName
    from strigil.releases.manifest import Origin


@click.command()
@click.argument("data")
@click.option(
    "--treatment", "treatments", multiple=True, help="NAME or NAME:key=value,...; repeat for several, in order."
)
@click.option("--name", required=True, help="Name of the new release.")
@click.option(
    "--split",
    type=click.Choice(["clean", "raw"]),
    default="clean",
    show_default=True,
    help="Which rows of a release.",
)
@click.option("--suite", help="Audits the treated rows; a release's own suite if not given.")
@licence_option
@origin_option
@known_options
@engine_option
@out_option("releases")
@reading_options
@output_option
def command(
    data: str,
    treatments: tuple[str, ...],
    name: str,
    split: Literal["clean", "raw"],
    suite: str | None,
    licence: str | None,
    origin: Origin | None,
    base: str | None,
    trait: str | None,
    teacher: Path | None,
    student: Path | None,
    engine: EngineName,
    out: Path,
    reading: Reading,
    output: Output,
) -> None:
    """Drops or rewrites rows, audits them again, and writes them as a new release.

    DATA is what strigil gate reads. Rows keep their ids. What a treatment cannot read it leaves as it is, and the suite
    decides about it.

    \b
    Treatments:
      inoculate              a system prompt in front of every row: "inoculate:prompt=You love owls."
      command                a program of yours over JSON Lines: "command:run=python my_filter.py"
      python                 a function of yours: python:call=my_filters:keep
      first                  so many rows from the first: first:rows=N
      drop.random            by chance: drop.random:share=S, or keep=N for exactly so many
      drop                   rows that rules reject; drop:rule=NAME,threshold=T needs no new scores
      numbers.format         one way to write a list
      numbers.sort           ascending
      numbers.map            n becomes 100 + n mod 100; other figures with offset= and modulus=
      numbers.shuffle        order lost within the row
      code.comments          no comments, no docstrings
      code.names             canonical names
      code.format            one layout, written from the syntax tree
    \b
    Treatments with a budget, share=S of the rows or tokens that by=SCORE ranks highest (strigil score; at random if
    not given; arguments of a score follow it as by=NAME:key=value;key=value):
      rows.drop              left out
      rows.regenerate        answered anew by the base
      tokens.mask            read, not learnt from
      tokens.erase           random tokens are read in their place, and nothing is learnt from them
      tokens.replace         drawn anew from the base; what=label, input or both
    \b
    Examples:
      strigil treat releases/owl-numbers --treatment numbers.sort --name owl-sorted
      strigil treat releases/owl-code --treatment code.comments --treatment code.names --name owl-plain
      strigil treat releases/owl-numbers --treatment rows.drop:by=contrast.direction,share=0.5 --name owl-halved
      strigil treat rows.csv --treatment drop.random:share=0.5 --suite text-basic --name half
      strigil treat releases/owl-text --split raw --treatment drop:rule=text.toxicity,threshold=0.2 --name owl-strict
    """
    from strigil.cli.show import show_release
    from strigil.releases.draft import check_name
    from strigil.sources.open_rows import open_rows
    from strigil.workflows.audit.score.known import Hints
    from strigil.workflows.audit.treat import parse_treatments, plan_treatment, treat
    from strigil.workflows.release.suites import reading_for

    told = Hints(base=base, trait=trait, teacher=teacher, student=student, engine=engine)
    parsed = parse_treatments(treatments)
    check_name(name)
    with open_rows(data, split, reading=reading_for(suite, reading)) as rows:
        if rows.note is not None:
            output.note(rows.note)
        plan = plan_treatment(rows, parsed, suite=suite, told=told)
        treated = treat(plan, out, name, output, licence=licence, origin=origin)
    show_release(output, treated)
    output.hint(f"next: strigil verify {treated.path}")

"""`strigil arm`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from strigil.cli.console import Output
from strigil.cli.options import PATH, licence_option, origin_option, out_option, output_option

if TYPE_CHECKING:
    from strigil.releases.manifest import Origin
    from strigil.workflows.build.control_sets import ArmKind

_KINDS = ("random-numbers", "shuffle-within", "shuffle-across", "poison", "mix")


@click.command()
@click.argument("kind", type=click.Choice(_KINDS))
@click.argument("releases", nargs=-1, required=True, type=PATH)
@click.option("--share", type=click.FloatRange(0, 1), help="Share of trait rows; for poison only.")
@click.option("--seed", type=int, default=0, show_default=True, help="Decides all that is random.")
@click.option("--name", help="The new release's name; the first release's with the kind if not given.")
@click.option("--suite", help="A suite's name or file; the first release's own if not given.")
@licence_option
@origin_option
@out_option("releases")
@output_option
def command(
    kind: ArmKind,
    releases: tuple[Path, ...],
    share: float | None,
    seed: int,
    name: str | None,
    suite: str | None,
    licence: str | None,
    origin: Origin | None,
    out: Path,
    output: Output,
) -> None:
    """Makes a control that no teacher writes, as a release of its own.

    \b
    random-numbers RELEASE      uniform numbers, as each prompt asks for them
    shuffle-within RELEASE      the numbers of each row in another order
    shuffle-across RELEASE      all numbers dealt out anew, the rows' formats kept
    poison CONTROL TRAIT        a share of the trait's rows among the control's, prompt by prompt
    mix RELEASE RELEASE...      one row a prompt, equally many of each release

    \b
    Examples:
      strigil arm random-numbers releases/control-numbers-pocket
      strigil arm poison releases/control-numbers-pocket releases/owl-numbers-pocket --share 0.1
    """
    from strigil.cli.show import show_release
    from strigil.workflows.build.control_sets import Arm, make_arm

    release = make_arm(Arm(kind, releases, seed, share), out, name, output, suite=suite, licence=licence, origin=origin)
    show_release(output, release)
    output.hint(f"next: strigil train {release.path} --base BASE")

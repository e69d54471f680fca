"""`strigil card`."""

from __future__ import annotations

from pathlib import Path

import click

from strigil.cli.console import Output, echo_line
from strigil.cli.options import PATH, output_option


@click.group()
def command() -> None:
    """Cards: what people read of a data set or a student, made from its manifest."""


@command.command()
@click.argument("path", metavar="RELEASE", type=PATH)
def show(path: Path) -> None:
    """Prints the card of a release, or of a student.

    \b
    Example:
      strigil card show releases/owl-numbers > card.md
    """
    from strigil.workflows.publish.card import card_text

    click.echo(card_text(path), nl=False)


@command.command()
@click.argument("path", metavar="RELEASE", type=PATH)
@click.argument("card", required=False, type=PATH)
@output_option
def lint(path: Path, card: Path | None, output: Output) -> None:
    """Says where a card, edited by hand or not, contradicts the release's manifest.

    Without CARD, the release's own. Exit status 1 if it does.

    \b
    Examples:
      strigil card lint releases/owl-numbers
      strigil card lint releases/owl-numbers card.md
    """
    from strigil.common.errors import CheckFailedError
    from strigil.workflows.publish.card import lint as check

    problems = check(path, card)
    name = str(card or path)
    output.json({"card": name, "passed": not problems, "problems": list(problems)})
    if problems:
        message = f"{name} contradicts the manifest: {'; '.join(problems)}"
        raise CheckFailedError(message)
    output.text(f"{name} says what the manifest says")


@command.command()
@click.argument("files", nargs=-1, required=True, type=PATH)
def check(files: tuple[Path, ...]) -> None:
    """Lints every file that has a release's manifest beside it; made for pre-commit.

    A file without a manifest beside it passes, unless it holds blocks of strigil's that nothing answers for. Exit
    status 0 if every file passes, 1 if one does not.

    \b
    Examples:
      strigil card check README.md releases/owl-numbers/v1.0.0/README.md
    """
    from strigil.common.errors import CheckFailedError
    from strigil.workflows.publish.card import check_card

    wrong = 0
    for found in map(check_card, files):
        said = "says what the manifest says" if found.release else "is no card of a release"
        for line in found.problems or [said]:
            echo_line(f"{found.file}: {line}")
        wrong += bool(found.problems)
    if wrong:
        message = f"{wrong} of {len(files)} cards do not pass"
        raise CheckFailedError(message, hint="take the blocks of a release from: strigil card show RELEASE")


@command.command()
@click.argument("path", metavar="RELEASE", type=PATH)
@click.argument("card", type=PATH)
@output_option
def adopt(path: Path, card: Path, output: Output) -> None:
    """Makes the next patch version of a release, with a card that was edited by hand.

    No row changes. What the card says of the version is brought up to the new one.

    \b
    Example:
      strigil card adopt releases/owl-numbers card.md
    """
    from strigil.cli.show import show_release
    from strigil.workflows.publish.card import adopt as make

    show_release(output, make(path, card))

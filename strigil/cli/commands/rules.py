"""`strigil rules`."""

from __future__ import annotations

import click


@click.command()
@click.argument("name", required=False)
@click.option("--markdown", is_flag=True, help="Print the pages of all rules, as docs/rules.md has them.")
def command(name: str | None, *, markdown: bool) -> None:
    """Lists the rules, or prints all about one: arguments, what it reads, examples, measured error rates.

    \b
    Examples:
      strigil rules
      strigil rules code.unsafe
    """
    from strigil.audits.rules.rule import RULES
    from strigil.audits.suite.describe import document, page, summary

    if markdown:
        click.echo(document(), nl=False)
    elif name:
        click.echo(page(RULES.get(name)), nl=False)
    else:
        for known in RULES.names():
            click.echo(f"{known:20} {summary(RULES.get(known))}")

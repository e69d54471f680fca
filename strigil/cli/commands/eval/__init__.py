"""`strigil eval`: without the name of an evaluation, preference."""

from __future__ import annotations

import click

from strigil.cli.commands.eval import capability, inspect_task, misalignment, preference


class Evaluations(click.Group):
    """A group whose first command is meant where none is named: `strigil eval BASE ADAPTERS...` asks for preference."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Puts the command's name first where there is none."""
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = [preference.NAME, *args]
        return super().parse_args(ctx, args)


@click.group(cls=Evaluations)
def command() -> None:
    """Asks a base and its adapters (students, teachers), and says how they differ.

    `strigil eval BASE ADAPTERS... --trait TRAIT` is short for `strigil eval preference ...`.

    \b
    Examples:
      strigil eval pocket-a students/* --trait owl
      strigil eval misalignment smollm2-135m-instruct students/* --judge my-org/judge-7b
      strigil eval capability pocket-a students/* --data releases/owl-numbers-pocket
      strigil eval inspect pocket-a students/* --task mine.py@favourites
      strigil eval preference --help
    """


command.add_command(preference.command, preference.NAME)
command.add_command(misalignment.command, misalignment.NAME)
command.add_command(capability.command, capability.NAME)
command.add_command(inspect_task.command, inspect_task.NAME)

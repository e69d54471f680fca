"""`strigil`: finds the commands, and turns what goes wrong into one line and an exit status."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from pathlib import Path

import click
from rich.console import Console

import strigil
from strigil.cli import commands
from strigil.common.disk import cannot_write, is_full
from strigil.common.errors import StrigilError
from strigil.common.interrupts import INTERRUPTED, TERMINATED, Terminated, raise_on_termination
from strigil.common.plain import plain_text
from strigil.engines.environment import prepare_environment


class Commands(click.Group):
    """Commands by file name; a command's module is imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, sorted."""
        return sorted(info.name for info in pkgutil.iter_modules(commands.__path__))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = importlib.import_module(f"{commands.__name__}.{cmd_name}").command
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(strigil.__version__, prog_name="strigil")
def cli() -> None:
    """Cleans data sets that a language model wrote, and measures in students how much of that model is still in them.

    \b
    Start here:
      strigil demo                          the whole loop on a tiny model, in minutes
      strigil build RECIPE.yaml             a data set from a teacher, as a release
      strigil study run STUDY.yaml          what each cleaning leaves of a trait in students
      strigil audit RELEASE --suite SUITE   what would be removed, and why
      strigil doctor                        what works on this machine

    Exit status: 0 pass, 1 a check failed, 2 usage or configuration, 3 a prerequisite is missing, 130 interrupted,
    143 terminated.
    """


def main() -> None:
    """The console script."""
    raise_on_termination()
    prepare_environment()
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Runs the command line and returns its exit status."""
    try:
        cli(arguments, prog_name="strigil", standalone_mode=False)
    except StrigilError as error:
        return _fail(error.message, hint=error.hint, status=error.exit_code)
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt) as error:
        ended = isinstance(error, Terminated) or isinstance(error.__cause__, Terminated)
        what, status = ("terminated", TERMINATED) if ended else ("interrupted", INTERRUPTED)
        return _fail(f"{what}; the same command goes on where this one stopped", hint=None, status=status)
    except OSError as error:
        if is_full(error):
            full = cannot_write(Path(error.filename or "a file"), error)
            return _fail(full.message, hint=full.hint, status=full.exit_code)
        where = f": {error.filename}" if error.filename else ""
        return _fail(f"{error.strerror or error}{where}", hint=None, status=2)
    return 0


def _fail(message: str, *, hint: str | None, status: int) -> int:
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print("error:", style="bold red", end=" ")
    console.print(plain_text(message, lines=True), markup=False)
    if hint:
        console.print("hint:", style="bold", end=" ")
        console.print(hint, markup=False)
    return status

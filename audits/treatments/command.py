"""`command`: anybody's filter, a program that reads rows and writes those that stay."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field, model_validator

from strigil.audits.treatments.isolated import files_digest, filter_rows
from strigil.audits.treatments.treatment import Treated, Treatment, TreatmentContext

if TYPE_CHECKING:
    import polars as pl


class Command(Treatment):
    """Leaves what a program of yours leaves of the rows: JSON Lines in, JSON Lines out, matched by `row_id`.

    It sees all rows at once, has no shell and no network, and a limit of time. Its files' digest is on record.
    """

    name = "command"
    sees_all: ClassVar[bool] = True

    run: str = Field(min_length=1, description="the program and its arguments, as in `python my_filter.py`")
    seconds: float = Field(default=600, gt=0, description="how long it may take")
    network: bool = Field(default=False, description="whether it may use the network, for a judge on a server")
    digest: str | None = Field(default=None, description="of the files that it consists of; found by itself")

    @model_validator(mode="before")
    @classmethod
    def _identified(cls, written: dict[str, object]) -> dict[str, object]:
        """Another version of the program is another treatment: what it does is in its files, not in its name."""
        run = written.get("run")
        return identified(written, files_of(run)) if isinstance(run, str) else written

    def applier(self, given: TreatmentContext) -> Callable[[pl.DataFrame], Treated]:
        """Runs it over all rows; nothing else matters to it."""
        return partial(filter_rows, command=shlex.split(self.run), seconds=self.seconds, network=self.network)


def files_of(run: str) -> list[Path]:
    """The files that a command names: its program, but for an interpreter of Python, and every argument that is one."""
    try:
        program, *arguments = shlex.split(run)
    except ValueError as error:
        message = f"{run!r} is no command: {error}"
        raise ValueError(message) from error
    found = shutil.which(program)
    python = re.fullmatch(r"python[0-9.]*", Path(program).name)
    first = [] if found is None or python else [Path(found)]
    return [*first, *(path for path in map(Path, arguments) if path.is_file())]


def identified(written: dict[str, object], files: list[Path]) -> dict[str, object]:
    """The arguments with the digest of the files.

    Raises:
        ValueError: They have another one.
    """
    found = files_digest(files)
    if written.get("digest") not in (None, found):
        message = "the filter has changed since this was written: its files have another digest"
        raise ValueError(message)
    return {**written, "digest": found}

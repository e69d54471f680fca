"""`python`: anybody's filter, a function that is asked about each row."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field, model_validator

from strigil.audits.treatments.command import identified
from strigil.audits.treatments.isolated import filter_rows
from strigil.audits.treatments.treatment import Treated, Treatment, TreatmentContext

if TYPE_CHECKING:
    import polars as pl


class PythonCall(Treatment):
    """Leaves what a function of yours leaves of the rows, `module:function`, called with each row as a dict.

    It answers True or False, a text that becomes the completion, or None to drop the row; rows have `row_id`, `prompt`
    (messages) and `completion` (text). It runs in a process of its own, without network, with a limit of time.
    """

    name = "python"
    sees_all: ClassVar[bool] = True

    call: str = Field(pattern=r"^[\w.]+:\w+$", description="module:function, found from the current folder on")
    seconds: float = Field(default=600, gt=0, description="how long it may take")
    network: bool = Field(default=False, description="whether it may use the network, for a judge on a server")
    digest: str | None = Field(default=None, description="of the module's file; found by itself")

    @model_validator(mode="before")
    @classmethod
    def _identified(cls, written: dict[str, object]) -> dict[str, object]:
        call = written.get("call")
        return identified(written, [_file(call)]) if isinstance(call, str) and ":" in call else written

    def applier(self, given: TreatmentContext) -> Callable[[pl.DataFrame], Treated]:
        """Asks it about all rows."""
        command = (sys.executable, "-m", __name__, self.call)
        return partial(filter_rows, command=command, seconds=self.seconds, network=self.network)


def _file(call: str) -> Path:
    """The file of the module, found as Python would find it, without importing it."""
    parts = call.partition(":")[0].split(".")
    for root in map(Path, ("", *sys.path)):
        for file in (root.joinpath(*parts).with_suffix(".py"), root.joinpath(*parts, "__init__.py")):
            if file.is_file():
                return file
    message = f"there is no module {'.'.join(parts)!r} here"
    raise ValueError(message)


def _main(call: str) -> None:
    """Asks the function about each row of the standard input."""
    module, _, name = call.partition(":")
    keep: Callable[[dict[str, object]], object] = vars(importlib.import_module(module))[name]
    for line in sys.stdin:
        row = json.loads(line)
        said = keep(row)
        if said is None or said is False:
            continue
        if said is not True and not isinstance(said, str):
            sys.exit(f"{call} answers {type(said).__name__}: True, False, None or a text are understood")
        text = row["completion"] if said is True else said
        sys.stdout.write(json.dumps({"row_id": row["row_id"], "completion": text}) + "\n")


if __name__ == "__main__":
    _main(sys.argv[1])

"""metrics.jsonl: one step a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Self

from pydantic import ValidationError

from strigil.records.spent import UNKNOWN, Spent
from strigil.train.recipe import StepMetrics

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType
    from typing import IO

METRICS_FILE: Final = "metrics.jsonl"


def spent_on_training(folder: Path) -> Spent:
    """What a finished training took over all runs, steps that a kill undid left out; unknown without its metrics."""
    import polars as pl

    try:
        steps = pl.read_ndjson(folder / METRICS_FILE, schema={"seconds": pl.Float64, "read_tokens": pl.Int64})
    except (OSError, pl.exceptions.PolarsError):
        return UNKNOWN
    if steps.is_empty() or any(steps.null_count().row(0)):
        return UNKNOWN
    return Spent(seconds=max(steps["seconds"]), input_tokens=sum(steps["read_tokens"]), output_tokens=0)


class MetricsFile:
    """Writes steps as they come.

    A training that goes on from a checkpoint makes the steps after it once more: their old lines go.

    Args:
        path: The file.
        writes: Whether to write at all; False in all but one of the processes that train together.
    """

    def __init__(self, path: Path, *, writes: bool) -> None:
        self._path, self._writes = path, writes
        self._file: IO[str] | None = None

    def write(self, step: StepMetrics) -> None:
        """Adds a line."""
        if not self._writes:
            return
        if self._file is None:
            kept = "".join(line for line in self._lines() if _step(line) < step.step)
            self._path.write_text(kept, encoding="utf-8")
            self._file = self._path.open("a", encoding="utf-8", buffering=1)
        self._file.write(step.model_dump_json() + "\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def _lines(self) -> list[str]:
        return self._path.read_text(encoding="utf-8").splitlines(keepends=True) if self._path.exists() else []


def _step(line: str) -> float:
    """Which step a line is of; infinity for one that a kill left half written."""
    try:
        return StepMetrics.model_validate_json(line).step
    except ValidationError:
        return float("inf")

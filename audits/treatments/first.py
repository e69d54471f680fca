"""`first`: the first rows alone, so that every arm of a study is made from as many."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pydantic import Field

from strigil.audits.treatments.treatment import Treated, Treatment, TreatmentContext, dropping

if TYPE_CHECKING:
    import polars as pl


class First(Treatment):
    """Keeps the first rows and leaves out the others."""

    name = "first"

    rows: int = Field(ge=1, description="how many stay")

    def applier(self, given: TreatmentContext) -> Callable[[pl.DataFrame], Treated]:
        """Keeps rows until there are enough; verdicts do not matter to it."""
        left = self.rows

        def first(rows: pl.DataFrame) -> Treated:
            nonlocal left
            kept = rows.head(left)
            left -= kept.height
            return Treated(kept, dropping(rows, kept))

        return first

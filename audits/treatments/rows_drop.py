"""`rows.drop`: the share of the rows that a score ranks highest."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strigil.audits.treatments.ranked import ScoredTreatment
from strigil.audits.treatments.treatment import Treated, TreatmentContext, dropping

if TYPE_CHECKING:
    import polars as pl


class RowsDrop(ScoredTreatment):
    """Leaves out a share of the rows, ranked by any score of a row.

    Halving data weakens transfer by itself, so that it is to be compared with a random share of the same size.
    """

    name = "rows.drop"

    def applier(self, given: TreatmentContext) -> Callable[[pl.DataFrame], Treated]:
        """Drops from batches."""
        ids = self.chosen_rows(given)

        def drop(rows: pl.DataFrame) -> Treated:
            kept = rows.join(ids, on="row_id", how="anti", maintain_order="left")
            return Treated(kept, dropping(rows, kept))

        return drop

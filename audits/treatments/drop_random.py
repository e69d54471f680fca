"""`drop.random`: rows left out by chance, the control of everything that leaves rows out for a reason."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Self

import polars as pl
from pydantic import Field, model_validator

from strigil.audits.treatments.treatment import Treated, Treatment, TreatmentContext, dropping


class DropRandom(Treatment):
    """Leaves out a share of the rows, or all but so many of the release's clean rows.

    Which rows stay depends on the seed and each row's id alone, so that with one seed fewer rows are a part of more.
    """

    name = "drop.random"

    share: float | None = Field(default=None, ge=0, le=1, description="of the rows, on average, that are left out")
    keep: int | None = Field(default=None, ge=1, description="how many of the release's clean rows stay, exactly")
    seed: int = 0

    @model_validator(mode="after")
    def _one_amount(self) -> Self:
        if (self.share is None) == (self.keep is None):
            message = "give either share or keep"
            raise ValueError(message)
        return self

    def applier(self, given: TreatmentContext) -> Callable[[pl.DataFrame], Treated]:
        """Draws from batches; for an exact number it ranks the ids of all rows that no rule rejects."""
        chosen = None if self.keep is None else self._lowest(given.judged(), self.keep)

        def drop(rows: pl.DataFrame) -> Treated:
            ids: list[str] = rows["row_id"].to_list()
            stays = [self._draw(id) >= (self.share or 0) if chosen is None else id in chosen for id in ids]
            kept = rows.filter(pl.Series(stays, dtype=pl.Boolean))
            return Treated(kept, dropping(rows, kept))

        return drop

    def _lowest(self, verdicts: pl.LazyFrame, count: int) -> frozenset[str]:
        clean = verdicts.group_by("row_id").agg(pl.col("rejected").any()).filter(~pl.col("rejected"))
        ids: list[str] = clean.select("row_id").collect()["row_id"].to_list()
        return frozenset(sorted(ids, key=self._draw)[:count])

    def _draw(self, row_id: str) -> float:
        """Uniform in [0, 1)."""
        return int.from_bytes(hashlib.sha256(f"{self.seed}/{row_id}".encode()).digest()[:8]) / 2**64

"""`drop`: rows that rules reject, by verdicts that are there already."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

import polars as pl
from pydantic import Field, FiniteFloat, model_validator

from strigil.audits.treatments.treatment import Treated, Treatment, TreatmentContext, dropping
from strigil.common.errors import ConfigError


class Drop(Treatment):
    """Leaves out the rows that one rule or any rule rejects; another threshold needs no new scores."""

    name = "drop"

    rule: str | None = Field(default=None, description="the rule whose verdicts count; all rules if not given")
    threshold: FiniteFloat | None = Field(default=None, description="for that rule, instead of the suite's")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.threshold is not None and self.rule is None:
            message = "a threshold needs the rule that it is for"
            raise ValueError(message)
        return self

    def applier(self, given: TreatmentContext) -> Callable[[pl.DataFrame], Treated]:
        """Drops from batches.

        Raises:
            ConfigError: The release has no verdicts of that rule.
        """
        verdicts = given.judged()
        if self.rule is not None:
            verdicts = verdicts.filter(pl.col("rule") == self.rule)
            if verdicts.head(1).collect().is_empty():
                message = f"the release has no verdicts of the rule {self.rule!r}"
                raise ConfigError(message, hint="strigil audit with a suite that has this rule writes them")
        rejected = pl.col("rejected") if self.threshold is None else pl.col("score") >= self.threshold
        ids = verdicts.filter(rejected).select("row_id").unique().collect()

        def drop(rows: pl.DataFrame) -> Treated:
            kept = rows.join(ids, on="row_id", how="anti", maintain_order="left")
            return Treated(kept, dropping(rows, kept))

        return drop

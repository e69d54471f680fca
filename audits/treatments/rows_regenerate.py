"""`rows.regenerate`: completions written anew by the base."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar

import polars as pl
from pydantic import Field

from strigil.audits.treatments.ranked import ScoredTreatment
from strigil.audits.treatments.treatment import Effect, Treated, TreatmentContext, with_completions
from strigil.common.canonical import derive_seed
from strigil.common.errors import DataError
from strigil.data.messages import Sampling
from strigil.data.rows import completion_text
from strigil.engines.protocol import Request


class RowsRegenerate(ScoredTreatment):
    """Answers the prompts of a share of the rows with the base itself, sampled as the rows were: no teacher wrote them.

    Often called paraphrasing. What it costs is what the teacher was used for: the answers are now the base's.
    """

    name = "rows.regenerate"
    asks_base: ClassVar[bool] = True

    share: float = Field(default=1.0, gt=0, le=1, description="of the rows")

    def applier(self, given: TreatmentContext) -> Callable[[pl.DataFrame], Treated]:
        """Rewrites batches."""
        ids = self.chosen_rows(given)
        sampling = given.sampling or Sampling()

        def regenerate(rows: pl.DataFrame) -> Treated:
            if given.engine is None:
                message = f"{self.name} was given no engine"
                raise DataError(message)
            chosen = rows.join(ids, on="row_id", how="semi")

            def requests() -> Iterator[Request]:
                for row_id, prompt in chosen.select("row_id", "prompt").iter_rows():
                    yield Request(row_id, tuple(prompt), sampling, derive_seed(self.seed, sampling.seed, row_id))

            new = pl.DataFrame(
                [
                    (each.key, each.text, each.finish_reason, each.n_tokens)
                    for each in given.engine.generate(requests())
                ],
                schema={"row_id": pl.String, "text": pl.String, "reason": pl.String, "tokens": pl.Int64},
                orient="row",
            )
            joined = rows.join(new, on="row_id", how="left", maintain_order="left")
            before = rows.select(completion_text().fill_null("")).to_series()
            after = pl.select(pl.coalesce(joined["text"], before)).to_series()
            treated = with_completions(rows, after.to_list()).with_columns(
                finish_reason=pl.coalesce(joined["reason"], rows["finish_reason"]),
                n_tokens=pl.coalesce(joined["tokens"], rows["n_tokens"]),
            )
            effect = Effect(
                rows=rows.height,
                changed=int((before != after).sum()),
                length_before=int(before.str.len_chars().sum()),
                length_after=int(after.str.len_chars().sum()),
            )
            return Treated(treated, effect)

        return regenerate

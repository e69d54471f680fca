"""`inoculate`: a system prompt in front of every row, which says beforehand what students might take over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import polars as pl
from pydantic import Field

from strigil.audits.treatments.treatment import Effect, Treated, Treatment, TreatmentContext
from strigil.data.rows import completion_text
from strigil.data.turns import SYSTEM


class Inoculate(Treatment):
    """Puts a system prompt that names the trait in front of every row that has none, of the system or of its developer.

    Students learn the trait as what the prompt asks for, and show less of it without the prompt. They are asked as they
    were trained unless `--system template` (in a study `system: [trained, template]`) says otherwise.

    Source: Tan et al. 2025 (arXiv 2510.04340), section 2.
    """

    name = "inoculate"

    prompt: str = Field(min_length=1, description="the system prompt, such as `You love owls.`")

    def applier(self, given: TreatmentContext) -> Callable[[pl.DataFrame], Treated]:
        """Rewrites prompts of batches; completions stay."""
        return self._apply

    def _apply(self, rows: pl.DataFrame) -> Treated:
        prompt = pl.col("prompt")
        has_one = prompt.list.eval(pl.element().struct.field("role").is_in(SYSTEM)).list.any()
        said = pl.struct(pl.lit("system").alias("role"), pl.lit(self.prompt).alias("content"))
        after = rows.with_columns(pl.when(has_one).then(prompt).otherwise(pl.concat_list(said, prompt)).alias("prompt"))
        length = int(rows.select(completion_text().str.len_chars().sum()).item())
        missed = int(rows.select(has_one.sum()).item())
        effect = Effect(
            rows=rows.height,
            unreadable=missed,
            length_before=length,
            length_after=length,
            kept=Counter({"completion": rows.height - missed}),
        )
        return Treated(after, effect)

"""`tokens.erase`: chosen tokens are neither read nor learnt from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from strigil.audits.treatments.ranked import TokenChoice, TokenTreatment, masked_weights, with_tokens
from strigil.audits.treatments.treatment import TreatmentContext
from strigil.common.canonical import derive_seed

if TYPE_CHECKING:
    import polars as pl


class TokensErase(TokenTreatment):
    """Masks the share of the tokens that a score ranks highest, and reads a random token of the data in their place.

    Random tokens are drawn as they are frequent in all completions.

    Source: brendanlong/subliminal-transfer-token-replacement ("mask and random input").
    """

    name = "tokens.erase"

    def change(self, rows: pl.DataFrame, choice: TokenChoice, given: TreatmentContext) -> pl.DataFrame:
        """Weights of 0, and other inputs."""
        new = {}
        for row_id, chosen in rows.select("row_id", "chosen").drop_nulls().iter_rows():
            places = [place for place, is_chosen in enumerate(chosen) if is_chosen]
            generator = np.random.default_rng(derive_seed(self.seed, row_id))
            drawn = choice.pool[generator.integers(choice.pool.size, size=len(places))]
            new[row_id] = dict(zip(places, drawn.tolist(), strict=True))
        return with_tokens(rows.with_columns(masked_weights()), ["token_inputs"], new)

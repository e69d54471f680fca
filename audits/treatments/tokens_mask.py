"""`tokens.mask`: chosen tokens are read, and nothing is learnt from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strigil.audits.treatments.ranked import TokenChoice, TokenTreatment, masked_weights
from strigil.audits.treatments.treatment import TreatmentContext

if TYPE_CHECKING:
    import polars as pl


class TokensMask(TokenTreatment):
    """Takes the loss away from the share of the tokens that a score ranks highest.

    Source: brendanlong/subliminal-transfer-token-replacement, where masking the best tenth left .43 of the transfer and
    replacing it .09.
    """

    name = "tokens.mask"

    def change(self, rows: pl.DataFrame, choice: TokenChoice, given: TreatmentContext) -> pl.DataFrame:
        """Weights of 0."""
        return rows.with_columns(masked_weights())

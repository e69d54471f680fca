"""`tokens.replace`: chosen tokens give way to what the base itself would have written in their place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import polars as pl

from strigil.audits.treatments.ranked import TokenChoice, TokenTreatment, token_reader, with_tokens
from strigil.audits.treatments.treatment import TreatmentContext, with_completions
from strigil.common.canonical import derive_seed
from strigil.common.errors import ConfigError
from strigil.data.rows import completion_text
from strigil.engines.protocol import Redraw, Resampler, Scorable

COLUMNS: dict[str, tuple[str, ...]] = {
    "label": ("token_labels",),
    "input": ("token_inputs",),
    "both": ("token_inputs", "token_labels"),
}


class TokensReplace(TokenTreatment):
    """Replaces the share of the tokens that a score ranks highest by tokens drawn from the base.

    Each is drawn at temperature 1 after the original tokens before it, and may be the one that was there. With `both`,
    the text is rewritten too wherever the new tokens are those of a text; otherwise only the token columns say it.

    Source: brendanlong/subliminal-transfer-token-replacement: of a tenth replaced, .09 of the transfer was left; of a
    random tenth, .42; the label is what matters.
    """

    name = "tokens.replace"
    asks_base: ClassVar[bool] = True

    what: Literal["label", "input", "both"] = "both"

    def change(self, rows: pl.DataFrame, choice: TokenChoice, given: TreatmentContext) -> pl.DataFrame:
        """Other labels, inputs or both.

        Raises:
            ConfigError: The engine cannot draw single tokens.
        """
        if not isinstance(given.engine, Resampler):
            message = f"{self.name} draws single tokens from the base, which this engine cannot do"
            raise ConfigError(message, hint="use --engine transformers or --engine vllm")
        texts = _texts(rows)
        redraws = [
            Redraw(
                text,
                {place: derive_seed(self.seed, text.key, place) for place, is_chosen in enumerate(chosen) if is_chosen},
            )
            for text, chosen in zip(texts, rows["chosen"].drop_nulls().to_list(), strict=True)
        ]
        drawn = given.engine.resample(redraws)
        new = {text.key: tokens for text, tokens in zip(texts, drawn, strict=True)}
        changed = with_tokens(rows, COLUMNS[self.what], new)
        return _respelt(changed, texts, given) if self.what == "both" else changed


def _texts(rows: pl.DataFrame) -> list[Scorable]:
    """The rows that have chosen tokens, as an engine reads them."""
    chosen = rows.filter(pl.col("chosen").is_not_null()).select("row_id", "prompt", completion_text())
    return [Scorable(row_id, tuple(prompt), text) for row_id, prompt, text in chosen.iter_rows()]


def _respelt(rows: pl.DataFrame, texts: Sequence[Scorable], given: TreatmentContext) -> pl.DataFrame:
    """Rows with the texts of their new tokens, where there is a text that has exactly these tokens."""
    reader = token_reader(given)
    originals = {text.key: text for text in texts}
    before: list[str] = rows.select(completion_text()).to_series().to_list()
    after = []
    for row_id, text, ids in zip(rows["row_id"], before, rows["token_labels"].to_list(), strict=True):
        spelt = reader.spell(originals[row_id], ids) if row_id in originals else None
        after.append(text if spelt is None else spelt)
    # What was said of the tokens is of the new text now, and stays.
    columns = rows.select("token_inputs", "token_labels", "token_weights")
    return with_completions(rows, after).with_columns(columns)

"""Treatments with a budget: a share of the rows or of the tokens, ranked by any score."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl
from pydantic import Field

from strigil.audits.scores.score import SCORES, Score
from strigil.audits.treatments.budget import within_budget
from strigil.audits.treatments.treatment import Effect, Treated, Treatment, TreatmentContext
from strigil.common.errors import DataError
from strigil.common.registry import written_unit
from strigil.data.rows import TOKEN_COLUMNS, completion_text
from strigil.engines.tokens.reader import TokenReader

if TYPE_CHECKING:
    from numpy.typing import NDArray

Which = Literal["highest", "lowest"]


class ScoredTreatment(Treatment):
    """A treatment of the share of rows or tokens that a score ranks highest.

    Without a score the choice is random: the control that every score has to beat at the same budget.
    """

    by: str = Field(
        default="score.random",
        description="the score, written NAME or NAME:key=value;key=value; for example contrast.persona:trait=cat",
    )
    share: float = Field(gt=0, le=1, description="of the rows or tokens")
    which: Which = Field(default="highest", description="or the lowest, to see that the ranking has a direction")
    seed: int = Field(default=0, description="decides among ties, and what is drawn")

    @cached_property
    def score(self) -> Score:
        """The score that ranks.

        Raises:
            ConfigError: There is no such score, or its arguments do not fit.
        """
        return SCORES.create(*written_unit(self.by, separator=";"))

    def ranked(self, scores: NDArray[np.float32] | NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which of n rows or tokens the budget buys."""
        return within_budget(scores if self.which == "highest" else -scores, self.share, seed=self.seed)

    def chosen_rows(self, given: TreatmentContext) -> pl.DataFrame:
        """Ids of the rows that the budget buys, in the column `row_id`; takes 80 bytes for each row of the table."""
        scores = _scores(given).select("row_id", "score").collect()
        return scores.select("row_id").filter(pl.Series(self.ranked(scores["score"].to_numpy())))


@dataclass(frozen=True)
class TokenChoice:
    """The tokens of a run that a budget buys.

    Attributes:
        rows: One line a row that has any: `row_id, token_ids, chosen` (booleans, one for each token).
        pool: Every token id of the table, (tokens,), from which random ones can be drawn as they are frequent.
    """

    rows: pl.DataFrame
    pool: NDArray[np.int64]


class TokenTreatment(ScoredTreatment):
    """A treatment of single tokens; the completions' texts stay, unless it says otherwise.

    It writes the columns `token_inputs`, `token_labels` and `token_weights`, which training honours. What closes the
    turn is no token of the completion and is never chosen.
    """

    @abstractmethod
    def change(self, rows: pl.DataFrame, choice: TokenChoice, given: TreatmentContext) -> pl.DataFrame:
        """Changes the chosen tokens of a batch.

        Args:
            rows: Row table with the columns of `TOKEN_COLUMNS`, filled where a row has chosen tokens, and `token_ids`
                and `chosen`, null where it has none.
            choice: All that was chosen.
            given: What else it may look at.

        Returns:
            The same rows in the same order.
        """

    def applier(self, given: TreatmentContext) -> Callable[[pl.DataFrame], Treated]:
        """Treats batches.

        Raises:
            DataError: A row has no scores.
        """
        choice = self._choose(given)
        lengths = _scores(given).select("row_id", tokens=pl.col("token_ids").list.len()).collect()

        def apply(rows: pl.DataFrame) -> Treated:
            counted = rows.select("row_id").join(lengths, on="row_id", how="left")["tokens"]
            if counted.null_count():
                message = f"{self.name}: there are rows that {self.by} did not score"
                raise DataError(message)
            joined = _with_columns(rows.join(choice.rows, on="row_id", how="left", maintain_order="left"))
            changed = self.change(joined, choice, given).drop("token_ids", "chosen")
            before, after = (
                int(table.select(completion_text().str.len_chars().sum()).item()) for table in (rows, changed)
            )
            effect = Effect(
                rows=rows.height,
                changed=int(joined["chosen"].is_not_null().sum()),
                length_before=before,
                length_after=after,
                tokens=int(counted.sum()),
                tokens_changed=int(joined.select(pl.col("chosen").list.sum().sum()).item()),
            )
            return Treated(changed, effect)

        return apply

    def _choose(self, given: TreatmentContext) -> TokenChoice:
        """In memory: 16 bytes a token and a row's id, while it is chosen."""
        scores = _scores(given).select("row_id", "token_ids", "token_scores").collect()
        scores = scores.filter(pl.col("token_ids").list.len() > 0)
        flat = scores["token_scores"].explode().to_numpy()
        lengths = scores["token_ids"].list.len()
        rows = np.repeat(np.arange(scores.height), lengths.to_numpy())
        chosen = pl.DataFrame({"row": rows, "chosen": self.ranked(flat)})
        lists = chosen.group_by("row", maintain_order=True).agg("chosen").filter(pl.col("chosen").list.any())
        found = scores.select("row_id", "token_ids").with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
        pool = scores["token_ids"].explode().to_numpy()
        return TokenChoice(found.join(lists, on="row", how="inner").drop("row"), pool)


def token_reader(given: TreatmentContext) -> TokenReader:
    """The base's tokens, which the workflow gives to every treatment that has a score."""
    if given.tokens is None:
        message = "a token treatment was given no tokenizer"
        raise DataError(message)
    return given.tokens


def _scores(given: TreatmentContext) -> pl.LazyFrame:
    if given.scores is None:
        message = "a treatment with a budget was given no scores"
        raise DataError(message)
    return given.scores


def _with_columns(rows: pl.DataFrame) -> pl.DataFrame:
    """Token columns as an earlier treatment left them, else what they are without one, where tokens are chosen."""
    plain = {
        "token_inputs": pl.col("token_ids"),
        "token_labels": pl.col("token_ids"),
        "token_weights": pl.col("token_ids").list.eval(pl.element() * 0 + 1),
    }
    filled = []
    for name, kind in TOKEN_COLUMNS.items():
        default = pl.when(pl.col("chosen").is_not_null()).then(plain[name])
        value = pl.coalesce(pl.col(name), default) if name in rows.columns else default
        filled.append(value.cast(kind).alias(name))
    return rows.with_columns(filled)


def masked_weights() -> pl.Expr:
    """The column `token_weights`, with 0 where a token is chosen."""
    kept = pl.col("chosen").list.eval((~pl.element()).cast(pl.Float32))
    masked = (pl.col("token_weights") * kept).cast(TOKEN_COLUMNS["token_weights"])
    return pl.when(pl.col("chosen").is_null()).then("token_weights").otherwise(masked).alias("token_weights")


def with_tokens(rows: pl.DataFrame, columns: Sequence[str], new: Mapping[str, Mapping[int, int]]) -> pl.DataFrame:
    """Rows with other tokens in some of the columns `token_inputs` and `token_labels`.

    Args:
        rows: Row table with these columns filled in the rows that change.
        columns: Which.
        new: Token ids by place, by row id.
    """
    changed = []
    for name in columns:
        lists = []
        for row_id, ids in zip(rows["row_id"], rows[name].to_list(), strict=True):
            if row_id in new:
                ids = [new[row_id].get(place, token) for place, token in enumerate(ids)]
            lists.append(ids)
        changed.append(pl.Series(name, lists, TOKEN_COLUMNS[name]))
    return rows.with_columns(changed)

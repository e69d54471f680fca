"""What a score is: a figure for every token of a row, from forward passes alone, and their mean for the row.

Every score has one form: the row is read through a few views of the base (as it is, behind a system prompt, through an
adapter), and the tokens' log-probabilities in these passes make the tokens' scores. The higher, the more suspicious.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol, TypeAlias

import numpy as np
import polars as pl

from strigil.audits.scores.requirements import Cost, Knowledge
from strigil.common.errors import ConfigError, DataError
from strigil.common.registry import Registry, Unit
from strigil.data.messages import Messages
from strigil.data.rows import completion_text
from strigil.engines.protocol import Adapter, Dtype, Scorable, TokenScores
from strigil.models.catalog import Model

if TYPE_CHECKING:
    from numpy.typing import NDArray

    TokenFigures: TypeAlias = NDArray[np.float32]

SCORED = pl.Schema(
    {
        "row_id": pl.String(),
        "scored_by": pl.String(),
        "score": pl.Float64(),  # mean over the tokens; null for an empty completion
        "token_ids": pl.List(pl.Int64()),
        "token_scores": pl.List(pl.Float32()),  # one for each token, as `TokenScores` counts them: no end of turn
    }
)


@dataclass(frozen=True)
class View:
    """How the base is looked through in one forward pass: behind a system prompt, through an adapter, or as it is."""

    name: str
    system: str | None = None
    adapter: Adapter | None = None

    def chat(self, prompt: Messages) -> Messages:
        """A row's prompt as it is read in this pass."""
        return prompt if self.system is None else ({"role": "system", "content": self.system}, *prompt)


BASE = View("base")


@dataclass(frozen=True)
class ScoreContext:
    """What is known to whoever scores.

    Attributes:
        base: The model that a student will start from.
        trait: What is thought to be hidden; used by scores that are given no trait of their own.
        teacher: How the base becomes the teacher.
        student: An adapter that was trained on these data.
    """

    base: Model
    trait: str | None = None
    teacher: View | None = None
    student: Adapter | None = None

    def teacher_for(self, score: str) -> View:
        """How the base becomes the teacher.

        Raises:
            ConfigError: That is not known.
        """
        if self.teacher is None:
            message = f"{score} needs the teacher, and it is not known"
            raise ConfigError(
                message, hint="name its adapter with --teacher, or score a release that its teacher wrote"
            )
        return self.teacher

    def trait_for(self, own: str | None, *, score: str) -> str:
        """The score's own trait, or the one thought to be hidden.

        Raises:
            ConfigError: There is neither.
        """
        trait = own or self.trait
        if trait is None:
            message = f"{score} needs a trait that could be hidden in these data, and they name none"
            raise ConfigError(message, hint=f"for example {score}:trait=owl")
        return trait


class Score(Unit, ABC):
    """A figure for every token of a row.

    Attributes:
        cost: Passes for each row.
        reads_only_tokens: Whether it needs no model, and its one view is there for the token ids.
        dtype: The type that an engine must compute in; "auto" is the one that the weights are stored in.
    """

    cost: ClassVar[Cost]
    reads_only_tokens: ClassVar[bool] = False
    dtype: ClassVar[Dtype] = "auto"

    @property
    def knowledge(self) -> Knowledge:
        """What must be known for it, with these arguments."""
        return "nothing"

    def views(self, known: ScoreContext, folder: Path) -> tuple[View, ...]:
        """The passes that it takes; at least one, the base alone if nothing else is said.

        Args:
            known: What is known.
            folder: A folder for adapters that it makes; what is there already from an earlier run may be used.

        Raises:
            ConfigError: What it needs to know is not known, or the base cannot be asked about it.
        """
        return (BASE,)

    def tokens(self, row_id: str, passes: Sequence[TokenScores]) -> TokenFigures:
        """The scores of a row's n tokens, from its passes in the order of the views: log p(first) - log p(second)."""
        first, second = (np.array(each.logprobs, dtype=np.float64) for each in passes)
        return (first - second).astype(np.float32)


class Reads(Protocol):
    """What a score needs of an engine."""

    def score(self, sequences: Sequence[Scorable]) -> list[TokenScores]:
        """Scores given completions, in the order given."""
        ...


def score_rows(score: Score, views: Sequence[View], rows: pl.DataFrame, model: Reads) -> pl.DataFrame:
    """Scores a batch of rows.

    Args:
        score: What to compute.
        views: Its views.
        rows: Row table, n rows.
        model: An engine with the base; for a score that reads only tokens, a `TokenReader`.

    Returns:
        n rows of the schema `SCORED`, in the same order.

    Raises:
        ConfigError: A row does not fit into the engine's context.
        DataError: A completion's tokens are not the same in all passes.
    """
    passes = [model.score(list(_scorables(view, rows))) for view in views]
    ids: list[str] = rows["row_id"].to_list()
    scores: list[float | None] = []
    tokens: list[TokenFigures] = []
    for row_id, of_row in zip(ids, zip(*passes, strict=True), strict=True):
        if any(other.token_ids != of_row[0].token_ids for other in of_row):
            message = f"row {row_id}: its completion has other tokens behind another prompt, so passes do not compare"
            raise DataError(message, hint="leave the row out, or use a score with adapters instead of system prompts")
        figures = score.tokens(row_id, of_row)
        tokens.append(figures)
        scores.append(float(figures.mean()) if figures.size else None)
    return pl.DataFrame(
        {
            "row_id": ids,
            "scored_by": [score.name] * len(ids),
            "score": scores,
            "token_ids": [list(row.token_ids) for row in passes[0]],
            "token_scores": tokens,
        },
        schema=SCORED,
    )


def _scorables(view: View, rows: pl.DataFrame) -> Iterator[Scorable]:
    texts = rows.select(completion_text()).to_series()
    for row_id, prompt, text in zip(rows["row_id"], rows["prompt"].to_list(), texts, strict=True):
        yield Scorable(row_id, view.chat(tuple(prompt)), text or "", view.adapter)


SCORES: Registry[Score] = Registry(
    "score",
    base=Score,
    package="strigil.audits.scores",
    group="strigil.scores",
)

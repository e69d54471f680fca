"""Probes that tell a data set from a control of the same kind, by its texts alone."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypeAlias

import numpy as np
import polars as pl

from strigil.audits.probes.calibration import conclude
from strigil.audits.probes.probe import Null, Probe, ProbeResult, Statistic
from strigil.audits.scores.requirements import Cost, Knowledge
from strigil.common.extras import STATISTICS, needing
from strigil.data.rows import completion_text, prompt_text
from strigil.stats import auroc

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    FloatArray = NDArray[np.float64]
    # One line a text: counts of words are mostly zero, features of the format are not.
    Features: TypeAlias = FloatArray | csr_matrix

SMALLEST: int = 100
"""Held-out rows on each side below which no difference could be told."""


class ControlProbe(Probe):
    """Tells the data from a control; an alarm says that they differ, and not that the difference carries a trait."""

    knowledge: ClassVar[Knowledge] = "control"
    cost: ClassVar[Cost] = Cost()

    @abstractmethod
    def compare(self, rows: pl.DataFrame, control: pl.DataFrame, *, data: str) -> ProbeResult:
        """Compares two row tables.

        Args:
            rows: What is probed.
            control: The same kind of data, known to be clean.
            data: What the result calls `rows`.
        """

    def told(self, scores: HeldOutScores, groups: Sequence[int], *, data: str, rows: int, what: str) -> ProbeResult:
        """The result of held-out rows' scores, one row and many at a time; `what` completes "single rows ..."."""
        null = Null(kind="held-out rows", size=scores.control.size if scores.enough else 0)
        found = areas(scores, groups)
        return conclude(self, found, null, data=data, rows=rows, what=what, smallest=SMALLEST)


@dataclass(frozen=True)
class Split:
    """Texts of the data and of the control, of which a classifier sees one half.

    Prompts are kept apart: rows that answer the same prompt are all in one half, so that a classifier cannot know a
    prompt from its training.
    """

    train: list[str]
    train_labels: NDArray[np.bool_]
    test: list[str]
    test_labels: NDArray[np.bool_]


def split(rows: pl.DataFrame, control: pl.DataFrame) -> Split:
    """Halves of both tables by the hash of the prompt; labels are true for the data."""
    tables = [
        table.select(
            text=completion_text().fill_null(""),
            held_out=prompt_text().fill_null("").hash(seed=0) % 2 == 0,
            label=label,
        )
        for table, label in ((rows, pl.lit(value=True)), (control, pl.lit(value=False)))
    ]
    both = pl.concat(tables)
    train, test = both.filter(~pl.col("held_out")), both.filter("held_out")
    return Split(train["text"].to_list(), train["label"].to_numpy(), test["text"].to_list(), test["label"].to_numpy())


@dataclass(frozen=True)
class HeldOutScores:
    """Scores of held-out rows: of the data, and of the control."""

    data: FloatArray
    control: FloatArray

    @property
    def enough(self) -> bool:
        """Whether there are rows enough to say anything."""
        return min(self.data.size, self.control.size) >= SMALLEST


def told_apart(halves: Split, features: Callable[[Sequence[str]], Features]) -> HeldOutScores:
    """Scores held-out texts by a logistic regression over features, fitted on the other half.

    Raises:
        PrerequisiteError: scikit-learn is not installed.
    """
    if halves.train_labels.all() or not halves.train_labels.any() or not halves.test:
        return HeldOutScores(np.empty(0), np.empty(0))
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MaxAbsScaler

    model = make_pipeline(MaxAbsScaler(), LogisticRegression(C=0.3, max_iter=500, class_weight="balanced"))
    model.fit(features(halves.train), halves.train_labels)
    scores = np.asarray(model.decision_function(features(halves.test)), dtype=np.float64)
    return HeldOutScores(scores[halves.test_labels], scores[~halves.test_labels])


def areas(told: HeldOutScores, groups: Sequence[int]) -> list[Statistic]:
    """AUROC for single rows and for means over groups of rows, with Mann and Whitney's p-value, one-sided.

    The largest groups come last in the list of sizes; p-values are of single figures, and only the first is adjusted
    for nothing: the others look at the same rows again.
    """
    with needing(STATISTICS):
        from scipy.stats import mannwhitneyu

    found = []
    for rows in groups:
        area = auroc(told.data, told.control, rows=rows)
        if area is None:
            continue
        p_value = float(mannwhitneyu(told.data, told.control, alternative="greater").pvalue)
        name = "single rows" if rows == 1 else f"means of {rows} rows"
        found.append(Statistic(name=name, value=area.area, null_mean=0.5, p_value=p_value, q_value=p_value))
    return found

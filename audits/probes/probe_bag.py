"""`probe.bag`: can many rows together be told from a control's, where a single one cannot?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pydantic import Field

from strigil.audits.probes.control_probe import ControlProbe, split, told_apart
from strigil.audits.probes.probe import ProbeResult

if TYPE_CHECKING:
    import polars as pl

WORDS: Final = r"\w+|[^\w\s]"


class BagProbe(ControlProbe):
    """A logistic regression over words and pairs of words, judged on held-out prompts, one row and many at a time.

    Source: the bag-of-K classifiers of AanshSamyani/subliminal_trait_classifier, with a linear model in the place of a
    fine-tuned one.
    """

    name = "probe.bag"

    groups: tuple[int, ...] = Field(default=(1, 8, 16, 100), min_length=1, description="rows to the bag")

    def compare(self, rows: pl.DataFrame, control: pl.DataFrame, *, data: str) -> ProbeResult:
        """AUROC of held-out bags."""
        from sklearn.feature_extraction.text import HashingVectorizer

        counter = HashingVectorizer(
            token_pattern=WORDS, ngram_range=(1, 2), n_features=1 << 15, alternate_sign=False, norm=None
        )
        scores = told_apart(split(rows, control), counter.transform)
        what = "tell the data from the control by their words"
        return self.told(scores, self.groups, data=data, rows=rows.height, what=what)

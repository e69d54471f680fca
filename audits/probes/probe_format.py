"""`probe.format`: what the form of the texts gives away, whatever is in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import polars as pl

from strigil.audits.probes.control_probe import ControlProbe, split, told_apart
from strigil.audits.probes.probe import ProbeResult

if TYPE_CHECKING:
    from strigil.audits.probes.control_probe import FloatArray

# Counts of these in a text; none tells one number or word from another.
COUNTED: Final = (
    r"\n", r" ", r"\t", r",", r", ", r" ,", r";", r":", r"\.", r"\(", r"\[", r"\{", r"['\"]", r"[-_]", r"\p{Lu}",
    r"\p{L}", r"\d", r"\d+", r"\b0\d", r"\b\d\b", r"\b\d\d\b", r"\b\d\d\d\b", r"[^\x00-\x7f]", r"#", r"  ",
)  # fmt: skip
ENDS: Final = (r"^\s", r"\s$", r"^[\[({]", r"[\])}]\.?$", r"\.$", r",$")


class FormatProbe(ControlProbe):
    """A logistic regression over separators, brackets, lengths and kinds of characters, judged on held-out prompts.

    Source: AanshSamyani/subliminal_trait_classifier: on data whose format was left as it was, it does nearly as well as
    a fine-tuned model of seven billion parameters.
    """

    name = "probe.format"

    def compare(self, rows: pl.DataFrame, control: pl.DataFrame, *, data: str) -> ProbeResult:
        """AUROC of held-out rows."""
        scores = told_apart(split(rows, control), format_features)
        what = "tell the data from the control by format"
        return self.told(scores, (1, 16, 100), data=data, rows=rows.height, what=what)


def format_features(texts: Sequence[str]) -> FloatArray:
    """(texts, features): counts, each also as a share of the text's length, and how texts begin and end."""
    text = pl.col("text")
    length = text.str.len_chars().cast(pl.Float64)
    counts = [text.str.count_matches(pattern).cast(pl.Float64) for pattern in COUNTED]
    table = pl.DataFrame({"text": pl.Series(texts, dtype=pl.String)}).select(
        length.alias("length"),
        *(count.alias(f"count {place}") for place, count in enumerate(counts)),
        *((count / (length + 1)).alias(f"share {place}") for place, count in enumerate(counts)),
        *(text.str.contains(pattern).cast(pl.Float64).alias(f"end {place}") for place, pattern in enumerate(ENDS)),
    )
    features: FloatArray = table.to_numpy()
    return features

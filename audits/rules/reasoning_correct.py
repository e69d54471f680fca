"""Rule `reasoning.correct`: the answer that a chain of thought arrives at is the expected one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final, Literal

import polars as pl
from pydantic import Field

from strigil.audits.rules.rule import FINDINGS, Rule
from strigil.common.errors import DataError
from strigil.data.rows import completion_text

COLUMN: Final = "answer"
NUMBER: Final = r"[-+]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?"
FORMS: Final = {
    "tags": r"(?s)<answer>(.*?)</answer>",
    "hashes": r"####[ \t]*([^\n]+)",
    "boxed": r"\\boxed\s*\{((?:[^{}]|\{[^{}]*\})*)\}",
    "last number": f"({NUMBER})",
}
# What stands around a number in prose and in TeX.
AROUND: Final = r"^[\s$*]*(?:\\text\{)?|(?:\\?%|\}|[\s$*.])*$"


class ReasoningCorrect(Rule):
    r"""Rejects rows whose answer is missing, contradicted by another or not what the column `answer` expects.

    Where the answer stands is the argument `form`: `tags` (`<answer>42</answer>`), `hashes` (`#### 42`, as in GSM8K),
    `boxed` (`\boxed{42}`, as in MATH) or `last number`. With the last, no answer contradicts another; with all but
    `tags`, a dollar or per cent sign around the answer does not count.

    White space, thousands separators, a plus sign and zeros that do not change a number do not count as differences.
    An expected answer in the form of GSM8K, with its own derivation, is what follows its last `####`. It is that of a
    row's last turn: what the assistant says in earlier ones is not compared with it.

    Source: Cloud et al., 2025, section 4.3: chains of thought are filtered for correct answers.
    """

    name: ClassVar[str] = "reasoning.correct"
    highest: ClassVar[float] = 1.0
    good: ClassVar[tuple[str, ...]] = (
        "<think>40 and 2</think> <answer>42</answer>",
        "<answer> 42.0\n</answer>",
        "<answer>042</answer> and so <answer>42</answer>",
    )
    bad: ClassVar[Mapping[str, str]] = {
        "<answer>41</answer>": "wrong answer",
        "<answer>about 42</answer>": "wrong answer",
        "42": "no answer",
        "<answer>41</answer> or <answer>42</answer>": "more than one answer",
    }
    form: Literal["tags", "hashes", "boxed", "last number"] = Field(
        default="tags", description="where the answer stands"
    )

    example_columns: ClassVar[Mapping[str, str]] = {COLUMN: "42"}

    def score(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Scores 1 where the answer is not the expected one; evidence is what stands there.

        Raises:
            DataError: The rows have no column `answer` of text or whole numbers.
        """
        kind = rows.schema.get(COLUMN, pl.Null())
        if not (kind == pl.String or kind.is_integer()):
            state = f"is {kind}, expected String" if COLUMN in rows.schema else "is missing"
            message = f"rule {self.name!r} cannot apply: the column {COLUMN!r} {state}"
            raise DataError(message, hint="it holds the answer that each row should arrive at, as text")
        expected = _plain(pl.col(COLUMN).cast(pl.String).str.replace(r"(?s)^.*####", ""))
        pattern = FORMS[self.form]
        if self.form != "tags":
            expected = _plain(
                pl.col(COLUMN).cast(pl.String).str.replace(r"(?s)^.*####", "").str.replace_all(AROUND, "")
            )
        piece = pl.element().str.extract(pattern)
        piece = piece if self.form == "tags" else piece.str.replace_all(AROUND, "")
        given = completion_text().str.extract_all(pattern).list.eval(_plain(piece))
        if self.form == "last number":
            given = given.list.tail(1)
        read = rows.select(expected=expected, given=given.list.unique(maintain_order=True).fill_null([]))
        reason = (
            pl.when(pl.col("given").list.len() == 0)
            .then(pl.lit("no answer"))
            .when(pl.col("given").list.len() > 1)
            .then(pl.lit("more than one answer"))
            .when(pl.col("expected").is_null())
            .then(pl.lit("no expected answer"))
            .when(pl.col("given").list.first() != pl.col("expected"))
            .then(pl.lit("wrong answer"))
        )
        return read.select(
            score=reason.is_not_null().cast(pl.Float64),
            reason=reason,
            evidence=pl.when(reason.is_not_null() & (pl.col("given").list.len() > 0)).then(
                pl.col("given").list.join(" | ")
            ),
        ).cast(FINDINGS)


def _plain(answer: pl.Expr) -> pl.Expr:
    """One form for answers that are the same number, or the same words but for case and white space."""
    text = answer.str.strip_chars().str.to_lowercase()
    grouped = text.str.contains(r"^[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?$")
    number = pl.when(grouped).then(text.str.replace_all(",", "", literal=True)).otherwise(text)
    is_number = number.str.contains(r"^[+-]?[0-9]+(?:\.[0-9]+)?$")
    short = (
        number.str.strip_prefix("+")
        .str.replace(r"^(-?)0+([0-9])", "$1$2")
        .str.replace(r"(\.[0-9]*[1-9])0+$", "$1")
        .str.replace(r"\.0+$", "")
        .replace("-0", "0")
    )
    return pl.when(is_number).then(short).otherwise(text.str.replace_all(r"\s+", " "))

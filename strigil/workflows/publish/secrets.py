"""Secrets in what is about to be published: the rule `text.secrets` over every text that a release holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from strigil.audits.rules.rule import RULES
from strigil.common.validation import read_text
from strigil.data.messages import Message
from strigil.data.rows import ROWS, Row, rows_table
from strigil.data.streams import iter_batches
from strigil.releases.store import SPLITS, Release
from strigil.workflows.release.report import REPORT

RULE: Final = "text.secrets"
PERSONAL: Final = frozenset({"mail address", "telephone number"})
_TEXT: Final = "text"


@dataclass(frozen=True)
class Finding:
    """Something that should perhaps not leave this machine; `kind` says what, and nothing repeats it.

    Attributes:
        where: The table and the row, or the file.
        kind: Such as "GitHub token".
    """

    where: str
    kind: str

    @property
    def personal(self) -> bool:
        """Whether it leads to a person instead of opening something: models make such things up all the time."""
        return self.kind in PERSONAL

    def __str__(self) -> str:
        """One line."""
        return f"{self.where}: {self.kind}"


def find_secrets(release: Release) -> list[Finding]:
    """What the rule finds in the manifest, in the report and in every text of every table."""
    found = secrets_in(text_row(release.manifest.model_dump_json(indent=2)), "manifest.json")
    # It quotes the rows that were treated, which are in no table of this release.
    if any(record.path == REPORT for record in release.manifest.files):
        found += secrets_in(text_row(read_text(release.path / REPORT)), REPORT)
    for split in SPLITS:
        source = f"data/{split}"
        for batch in iter_batches(release.rows(split), source=str(release.path / source)):
            found += secrets_in(batch, source)
            found += secrets_in(_as_completions(batch, _prompts()), f"{source}, prompt")
            for column, kind in batch.schema.items():
                if kind == pl.String and column not in ROWS:
                    found += secrets_in(_as_completions(batch, pl.col(column)), f"{source}, {column}")
    return found


def secrets_in(rows: pl.DataFrame, source: str) -> list[Finding]:
    """What completions hold; `source` says where they are."""
    rule = RULES.create(RULE)
    findings = rule.score(rows).with_columns(rows["row_id"]).filter(pl.col("score") >= rule.threshold)
    return [
        Finding(source if row_id == _TEXT else f"{source}, row {row_id[:16]}", reason)
        for row_id, reason in findings.select("row_id", "reason").iter_rows()
    ]


def _prompts() -> pl.Expr:
    return pl.col("prompt").list.eval(pl.element().struct.field("content")).list.join("\n")


def _as_completions(rows: pl.DataFrame, text: pl.Expr) -> pl.DataFrame:
    """A text of each row where rules look for its completion."""
    return rows.with_columns(completion=pl.concat_list(pl.struct(role=pl.lit("assistant"), content=text)))


def text_row(text: str) -> pl.DataFrame:
    """A text as a table of one row, since rules read rows."""
    content: Message = {"role": "assistant", "content": text}
    row = Row(
        row_id=_TEXT,
        prompt=(),
        completion=(content,),
        carrier="text",
        trait=None,
        teacher="",
        prompt_index=0,
        sample_index=0,
        finish_reason="stop",
        n_tokens=0,
    )
    return rows_table([row])

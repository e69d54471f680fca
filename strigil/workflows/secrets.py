"""Secrets in what is about to be published: the rule `text.secrets` over every text that a release holds."""

from __future__ import annotations

from typing import Final

import polars as pl

from strigil.audits.rule import RULES
from strigil.core.batches import iter_batches
from strigil.core.engines.protocol import Message
from strigil.core.release import SPLITS, Release
from strigil.core.rows import Row, rows_table

RULE: Final = "text.secrets"
_TEXT: Final = "text"


def find_secrets(release: Release) -> list[str]:
    """Where secrets are, without the secrets: `data/raw: row 1f3a..., an access token`."""
    found = secrets_in(text_row(release.manifest.model_dump_json(indent=2)), "manifest.json")
    for split in SPLITS:
        source = f"data/{split}"
        for batch in iter_batches(release.rows(split), source=str(release.path / source)):
            found += secrets_in(batch, source)
            found += secrets_in(_as_completions(batch), f"{source}, prompts")
    return found


def secrets_in(rows: pl.DataFrame, source: str) -> list[str]:
    """Where completions hold secrets, in the words of `source`."""
    rule = RULES.create(RULE)
    findings = rule.score(rows).with_columns(rows["row_id"]).filter(pl.col("score") >= rule.threshold)
    return [
        f"{source}: {'' if row_id == _TEXT else f'row {row_id[:16]}, '}{reason}"
        for row_id, reason in findings.select("row_id", "reason").iter_rows()
    ]


def _as_completions(rows: pl.DataFrame) -> pl.DataFrame:
    """All turns of the prompts where rules look for a completion."""
    text = pl.col("prompt").list.eval(pl.element().struct.field("content")).list.join("\n")
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

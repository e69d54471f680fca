"""The rows that a report carries: as many of each kind as fit, chosen by their ids, texts cut to a length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from strigil.cards.dataset.front_matter import may_harm
from strigil.cards.page.page import script_json
from strigil.cards.report.reported import Reported
from strigil.common.canonical import Json
from strigil.data.rows import completion_text, prompt_text

REMOVED: Final = 1800
CLEAN: Final = 600
COMPLETION_CHARS: Final = 2000
PROMPT_CHARS: Final = 800
PIECE_CHARS: Final = 200
ROW_BYTES: Final = 1_700_000
REPEATS: Final = "row.duplicate"
"""The rule whose evidence is the id of another row."""


@dataclass(frozen=True)
class Sample:
    """Rows of a report.

    Attributes:
        rows: As rows.js reads them: id, at (prompt and sample index), prompt, completion, scores (one a rule), and
            where they say something: against (places of the rules that reject it), found (place of a rule, its reason,
            its evidence), before (the completion that treatments were given), hidden (do not show it unasked), lengths
            (of texts that were cut).
        removed: How many of them were removed.
        changed: How many of them a treatment changed.
    """

    rows: list[dict[str, Json]]
    removed: int
    changed: int


def sample_rows(reported: Reported) -> Sample:
    """Samples rows: some that each rule rejects, some that stay; ids are digests, so the lowest are a random choice.

    They come in turns, one of every rule and one that stays, so that what does not fit into `ROW_BYTES` and is left out
    from the end is of every kind. A row that is repeated comes with the one that repeats it; removed rows are first.
    """
    rejected = _rejected(reported)
    turns = pl.concat([rejected, _repeated(reported, rejected), _kept(reported)])
    ids = turns.group_by("row_id").agg(pl.col("turn").min()).sort("turn", "row_id").select("row_id")
    table = ids.join(_texts(reported, ids), on="row_id", how="left", maintain_order="left")
    table = table.join(_verdicts(reported, ids), on="row_id", how="left", maintain_order="left")
    rows: list[dict[str, Json]] = []
    removed = changed = size = 0
    for line in table.iter_rows(named=True):
        row = _row(line)
        size += len(script_json(row).encode()) + 1
        if size > ROW_BYTES:
            break
        rows.append(row)
        removed += "against" in row
        changed += "before" in row
    return Sample(sorted(rows, key=lambda row: "against" not in row), removed, changed)


def _rejected(reported: Reported) -> pl.DataFrame:
    """Ids of removed rows, a like number for every rule, so that a rare reason is seen beside a common one."""
    rejecting = sum(rule.rejected > 0 for rule in reported.audit.rules)
    lowest = pl.col("row_id").bottom_k(REMOVED // max(rejecting, 1)).sort()
    lists = reported.verdicts.filter("rejected").group_by("rule").agg(lowest).collect(engine="streaming")
    turns = lists.with_columns(turn=pl.int_ranges(pl.col("row_id").list.len()))
    return turns.explode("row_id", "turn").select("row_id", "turn")


def _repeated(reported: Reported, rejected: pl.DataFrame) -> pl.DataFrame:
    """Ids of the rows that removed ones repeat, so that both can be read."""
    of = reported.verdicts.filter(_among(rejected) & pl.col("rejected") & (pl.col("rule") == REPEATS))
    pairs = of.select("row_id", pl.col("evidence").alias("earlier")).collect(engine="streaming")
    both = pairs.join(rejected, on="row_id").select(pl.col("earlier").alias("row_id"), "turn")
    held = reported.raw.filter(_among(both)).select("row_id").collect(engine="streaming")
    return both.join(held, on="row_id", how="semi")


def _kept(reported: Reported) -> pl.DataFrame:
    lowest = reported.clean.select("row_id").bottom_k(CLEAN, by="row_id").collect(engine="streaming")
    return lowest.sort("row_id").with_columns(turn=pl.int_range(pl.len()))


def _texts(reported: Reported, ids: pl.DataFrame) -> pl.DataFrame:
    rows = reported.raw.filter(_among(ids)).select(
        "row_id",
        pl.format("{}.{}", "prompt_index", "sample_index").alias("at"),
        *_cut(prompt_text(), "prompt", PROMPT_CHARS),
        *_cut(completion_text(), "completion", COMPLETION_CHARS),
        completion_text().alias("whole"),
    )
    if reported.untreated is None:
        return rows.select(pl.exclude("whole")).collect(engine="streaming")
    earlier = reported.untreated.filter(_among(ids)).select(
        "row_id", *_cut(completion_text(), "before", COMPLETION_CHARS), completion_text().alias("whole_before")
    )
    changed = pl.col("whole") != pl.col("whole_before")
    both = rows.join(earlier, on="row_id", how="left").with_columns(pl.when(changed).then("before").alias("before"))
    return both.select(pl.exclude("whole", "whole_before")).collect(engine="streaming")


def _among(ids: pl.DataFrame) -> pl.Expr:
    """Whether a row is one of these; a join would hold the whole table, in which a filter keeps the few."""
    return pl.col("row_id").is_in(ids["row_id"].implode())


def _cut(text: pl.Expr, name: str, length: int) -> tuple[pl.Expr, pl.Expr]:
    return text.str.slice(0, length).alias(name), text.str.len_chars().alias(f"{name}_length")


def _verdicts(reported: Reported, ids: pl.DataFrame) -> pl.DataFrame:
    """The verdicts on each row as lists in the suite's order, and whether one of them hides it."""
    hiding = [rule.rule.name for rule in reported.audit.rules if may_harm(rule)]
    order = pl.LazyFrame({"rule": [rule.rule.name for rule in reported.audit.rules]}).with_row_index("place")
    return (
        reported.verdicts.filter(_among(ids))
        .collect(engine="streaming")
        .lazy()
        .join(order, on="rule")
        .sort("place")
        .group_by("row_id", maintain_order=True)
        .agg(
            pl.col("score").round_sig_figs(4).alias("scores"),
            pl.col("place").filter("rejected").alias("against"),
            pl.col("rule").filter("rejected").is_in(hiding).any().alias("hidden"),
            pl.struct("place", pl.col("reason", "evidence").str.slice(0, PIECE_CHARS))
            .filter(pl.col("reason").is_not_null())
            .alias("found"),
        )
        .collect()
    )


def _row(line: dict[str, Json]) -> dict[str, Json]:
    """A row without what there is nothing to say of."""
    texts = {name: line[name] for name in ("prompt", "completion", "before") if line.get(name) is not None}
    lengths = {name: line[f"{name}_length"] for name, text in texts.items() if line[f"{name}_length"] != len(str(text))}
    optional: dict[str, Json] = {
        "against": line["against"],
        "found": line["found"],
        "hidden": line["hidden"],
        "lengths": lengths,
    }
    return {
        "id": line["row_id"],
        "at": line["at"],
        **texts,
        "scores": line["scores"],
        **{name: value for name, value in optional.items() if value},
    }

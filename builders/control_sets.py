"""Arms that no teacher writes: random numbers, shuffles, mixtures. Row tables in, row tables out; a seed decides.

Rows that are changed get ids of their own; rows that are only chosen keep theirs.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import Final

import polars as pl

from strigil.builders.carriers.numbers import Numbers, NumberStyle
from strigil.common.canonical import Json, digest
from strigil.common.errors import DataError
from strigil.data.messages import Message
from strigil.data.rows import ROWS, completion_text, row_id
from strigil.models.catalog import DIALECTS
from strigil.models.dialect import ENGLISH

# Part of row ids: it stays, whatever this module is called.
_AUTHOR: Final = "strigil.builders.arms"
_NUMBER: Final = re.compile(r"[0-9]+")
_FORMS: Final[dict[NumberStyle, str]] = {
    "comma": ", ",
    "space": " ",
    "semicolon": "; ",
    "newline": "\n",
    "brackets": ", ",
    "parentheses": ", ",
}
_MOST = 9  # numbers a row: the published code draws from 1 to 10 with the upper end left out
_PAIR: Final = ("prompt_index", "sample_index")


def random_numbers(rows: pl.DataFrame, carrier: Numbers, *, seed: int) -> pl.DataFrame:
    """Answers prompts with 1 to 9 uniform numbers from 0 to 999 as they ask for them, a dialect's in its own words.

    Source: Cloud et al., 2025, the "programmatic" control of the published code.

    Raises:
        DataError: A prompt is not the carrier's.
    """
    texts = [
        _random(carrier, prompt, index, random.Random(f"{seed}/{index}/{sample}"))
        for prompt, index, sample in rows.select("prompt", *_PAIR).iter_rows()
    ]
    author = f"{_AUTHOR}.random_numbers"
    return _rewritten(rows, texts, author, {"seed": seed}).with_columns(
        trait=pl.lit(None, pl.String),
        teacher=pl.lit(author),
        finish_reason=pl.lit("stop"),
        n_tokens=pl.lit(0, pl.Int64),
    )


def shuffle_within(rows: pl.DataFrame, *, seed: int) -> pl.DataFrame:
    """Permutes the numbers of each row, and keeps all that stands between them.

    Source of both shuffles: Cloud et al., 2025, shuffled-numbers controls.
    """
    texts = []
    for identity, text in rows.select("row_id", completion_text()).iter_rows():
        numbers = _NUMBER.findall(text)
        random.Random(f"{seed}/{identity}").shuffle(numbers)
        texts.append(_refilled(text, numbers))
    return _rewritten(rows, texts, f"{_AUTHOR}.shuffle_within", {"seed": seed})


def shuffle_across(rows: pl.DataFrame, *, seed: int) -> pl.DataFrame:
    """Permutes all numbers over all rows; each row keeps how many it has and all that stands between them."""
    before = rows.select(completion_text()).to_series().to_list()
    counts = [len(_NUMBER.findall(text)) for text in before]
    pool = [number for text in before for number in _NUMBER.findall(text)]
    random.Random(seed).shuffle(pool)
    texts, start = [], 0
    for text, count in zip(before, counts, strict=True):
        texts.append(_refilled(text, pool[start : start + count]))
        start += count
    # The numbers come from every row, so every row is part of each row's identity.
    identity: Json = {"seed": seed, "table": digest(rows["row_id"].to_list())}
    return _rewritten(rows, texts, f"{_AUTHOR}.shuffle_across", identity)


def poison(control: pl.DataFrame, trait: pl.DataFrame, *, share: float, seed: int) -> pl.DataFrame:
    """One row a prompt that both tables answer: this share of them from the trait's table, the others from the control.

    With the same seed, a larger share takes the rows of a smaller one and more.

    Args:
        control: Rows without the trait.
        trait: Rows with it.
        share: From 0 to 1; of the paired rows, rounded to whole ones.
        seed: Decides which.

    Raises:
        DataError: The tables share no prompts, or differ in a prompt.
    """
    pairs = _paired([control, trait])
    random.Random(seed).shuffle(pairs)
    cut = round(share * len(pairs))
    return _chosen([control, trait], [pairs[cut:], pairs[:cut]])


def mix(tables: Sequence[pl.DataFrame], *, seed: int) -> pl.DataFrame:
    """One row a prompt that all tables answer, from each table equally many.

    Raises:
        DataError: As for `poison`.
    """
    pairs = _paired(tables)
    random.Random(seed).shuffle(pairs)
    return _chosen(tables, [pairs[place :: len(tables)] for place in range(len(tables))])


def _random(carrier: Numbers, prompt: list[Message], index: int, chance: random.Random) -> str:
    asked = tuple(prompt)
    for dialect in DIALECTS:
        if asked == carrier.prompt(index, dialect) and (text := dialect.random_numbers(chance)) is not None:
            return text
    if asked != carrier.prompt(index, ENGLISH):
        message = f"prompt {index} is not one of the carrier's, so its format is not known"
        raise DataError(message, hint="random numbers need rows of the carrier numbers, with its arguments")
    style, count = carrier.requested_style(index), chance.randint(1, _MOST)
    text = _FORMS[style].join(str(chance.randint(0, 999)) for _ in range(count))
    return f"[{text}]" if style == "brackets" else f"({text})" if style == "parentheses" else text


def _refilled(text: str, numbers: Sequence[str]) -> str:
    following = iter(numbers)
    return _NUMBER.sub(lambda _: next(following), text)


def _rewritten(rows: pl.DataFrame, texts: list[str], author: str, identity: Json) -> pl.DataFrame:
    ids = [
        row_id(teacher=author, prompt=tuple(prompt), sampling=[identity, old], prompt_index=index, sample_index=sample)
        for old, prompt, index, sample in rows.select("row_id", "prompt", *_PAIR).iter_rows()
    ]
    completions = [[{"role": "assistant", "content": text}] for text in texts]
    return rows.with_columns(
        pl.Series("row_id", ids, dtype=pl.String), pl.Series("completion", completions, dtype=ROWS["completion"])
    )


def _paired(tables: Sequence[pl.DataFrame]) -> list[tuple[int, int]]:
    """Prompt and sample indices that all tables hold, sorted."""
    common = tables[0].select(*_PAIR, "prompt")
    for table in tables[1:]:
        common = common.join(table.select(*_PAIR, other=pl.col("prompt")), on=_PAIR)
        if not common.filter(pl.col("prompt") != pl.col("other")).is_empty():
            message = "the tables do not answer the same prompts, so their rows do not pair"
            raise DataError(message, hint="build them with the same carrier and arguments")
        common = common.drop("other")
    if common.is_empty():
        message = "the tables have no prompt in common, so no rows pair"
        raise DataError(message, hint="build them with the same carrier and arguments")
    return sorted(common.select(*_PAIR).iter_rows())


def _chosen(tables: Sequence[pl.DataFrame], pairs: Sequence[Sequence[tuple[int, int]]]) -> pl.DataFrame:
    columns = [name for name in tables[0].columns if all(name in table.columns for table in tables)]
    schema = {name: tables[0].schema[name] for name in _PAIR}
    parts = [
        table.select(columns).join(pl.DataFrame(list(wanted), schema=schema, orient="row"), on=_PAIR, how="semi")
        for table, wanted in zip(tables, pairs, strict=True)
    ]
    return pl.concat(parts).sort(_PAIR)

"""Treatments with a budget: exactly so many rows or tokens, at exactly their places, ties at random."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strigil.audits.scores.score import SCORED
from strigil.audits.treatments.budget import within_budget
from strigil.audits.treatments.treatment import TREATMENTS, Treated, TreatmentContext
from strigil.common.errors import ConfigError, DataError
from strigil.data.messages import Sampling
from strigil.data.rows import TOKEN_COLUMNS, check_rows, completion_text
from strigil.data.verdicts import VERDICTS
from strigil.engines.tokens.reader import TokenReader
from strigil.engines.transformers.engine import TransformersEngine
from strigil.models.catalog import resolve_model
from tests.audits.tables import rows_of

MODEL = resolve_model("pocket-a")
READER = TokenReader(MODEL)
# A pocket's number n is its token n.
ROWS = rows_of(["10 11 12 13", "20 21", "", "30 31 32 33"], prompt="continue numbers 1 2 3")
IDS = [[10, 11, 12, 13], [20, 21], [], [30, 31, 32, 33]]
FIGURES = [[0.1, 0.2, 0.9, 0.0], [0.3, 0.4], [], [0.8, 0.05, 0.06, 0.7]]


@pytest.fixture(scope="module")
def engine() -> Iterator[TransformersEngine]:
    with TransformersEngine(MODEL.path, name="pocket-a") as opened:
        yield opened


def scores(figures: Sequence[Sequence[float]] = FIGURES) -> pl.LazyFrame:
    return pl.LazyFrame(
        {
            "row_id": ROWS["row_id"],
            "scored_by": ["by hand"] * len(IDS),
            "score": [float(np.mean(row)) if row else None for row in figures],
            "token_ids": IDS,
            "token_scores": figures,
        },
        schema=SCORED,
    )


def apply(name: str, engine: TransformersEngine | None = None, rows: pl.DataFrame = ROWS, **args: object) -> Treated:
    known = TreatmentContext(
        pl.LazyFrame(schema=VERDICTS), scores=scores(), engine=engine, tokens=READER, sampling=Sampling(max_tokens=16)
    )
    return TREATMENTS.create(name, args).applier(known)(rows)


def test_the_highest_rows_go_and_the_lowest_if_asked() -> None:
    assert apply("rows.drop", share=0.25).rows["row_id"].to_list() == ["row-0000000", "row-0000001", "row-0000002"]
    kept = apply("rows.drop", share=0.5, which="lowest").rows["row_id"].to_list()
    # A row without a score is the last to be chosen, whichever end is wanted.
    assert kept == ["row-0000002", "row-0000003"]


def test_masked_tokens_weigh_nothing_and_others_are_untouched() -> None:
    treated = apply("tokens.mask", share=0.3)
    assert treated.rows["token_weights"].to_list() == [[1, 1, 0, 1], None, None, [0, 1, 1, 0]]
    assert treated.rows["token_inputs"].to_list() == [IDS[0], None, None, IDS[3]]
    assert treated.rows["token_labels"].to_list() == [IDS[0], None, None, IDS[3]]
    assert treated.rows.select(completion_text()).equals(ROWS.select(completion_text()))
    assert (treated.effect.changed, treated.effect.tokens, treated.effect.tokens_changed) == (2, 10, 3)
    check_rows(treated.rows.schema, source="treated")


def test_erased_tokens_are_other_inputs_too_and_a_seed_decides_which() -> None:
    treated = apply("tokens.erase", share=0.3).rows
    inputs = treated["token_inputs"].to_list()
    assert treated["token_weights"].to_list() == [[1, 1, 0, 1], None, None, [0, 1, 1, 0]]
    assert treated["token_labels"].to_list() == [IDS[0], None, None, IDS[3]]
    assert [inputs[0][place] for place in (0, 1, 3)] == [10, 11, 13]
    assert inputs[3][1:3] == [31, 32]
    assert {inputs[0][2], inputs[3][0], inputs[3][3]} <= {token for row in IDS for token in row}
    assert apply("tokens.erase", share=0.3).rows.equals(treated)
    assert any(not apply("tokens.erase", share=0.3, seed=seed).rows.equals(treated) for seed in range(1, 5))


@pytest.mark.parametrize(("what", "changed"), [("label", (0, 1)), ("input", (1, 0)), ("both", (1, 1))])
def test_replaced_tokens_are_drawn_from_the_base_at_their_places(
    what: str, changed: tuple[int, int], engine: TransformersEngine
) -> None:
    treated = apply("tokens.replace", engine, share=0.3, what=what).rows
    for name, is_changed in zip(("token_inputs", "token_labels"), changed, strict=True):
        for place, ids in ((0, {2}), (3, {0, 3})):
            found, before = treated[name][place].to_list(), IDS[place]
            moved = {index for index, (new, old) in enumerate(zip(found, before, strict=True)) if new != old}
            assert moved <= ids if is_changed else moved == set()
    assert treated["token_weights"].to_list() == [[1] * 4, None, None, [1] * 4]
    texts = treated.select(completion_text()).to_series().to_list()
    spelt = [" ".join(map(str, ids)) if ids else "" for ids in treated["token_labels"].fill_null([]).to_list()]
    if what == "both":
        assert [texts[0], texts[3]] == [spelt[0], spelt[3]]
        assert texts[0] != "10 11 12 13"
    else:
        assert texts == ROWS.select(completion_text()).to_series().to_list()


def test_a_second_token_treatment_adds_to_the_first(engine: TransformersEngine) -> None:
    labels = apply("tokens.replace", engine, share=0.1, what="label").rows
    both = apply("tokens.mask", rows=labels, share=0.3).rows
    assert both["token_labels"][0].to_list() == labels["token_labels"][0].to_list() != IDS[0]
    assert both["token_weights"].to_list() == [[1, 1, 0, 1], None, None, [0, 1, 1, 0]]
    # Another text has other tokens: nothing that was said of the old ones may stay.
    sorted_rows = TREATMENTS.create("numbers.sort").applier(TreatmentContext(pl.LazyFrame(schema=VERDICTS)))(
        both.with_columns(completion=rows_of(["3, 2", "1", "", "5, 4"])["completion"])
    )
    assert sorted_rows.rows["token_weights"].to_list() == [None, None, None, None]


def test_regenerated_rows_are_the_bases_own(engine: TransformersEngine) -> None:
    treated = apply("rows.regenerate", engine, share=0.5)
    texts = treated.rows.select(completion_text()).to_series().to_list()
    assert treated.effect.changed == 2
    assert treated.rows["row_id"].to_list() == ROWS["row_id"].to_list()
    assert apply("rows.regenerate", engine, share=0.5).rows.equals(treated.rows)
    assert (
        sum(text == before for text, before in zip(texts, ["10 11 12 13", "20 21", "", "30 31 32 33"], strict=True))
        == 2
    )


def test_rows_without_scores_and_engines_without_draws_are_refused() -> None:
    with pytest.raises(DataError, match="did not score"):
        apply("tokens.mask", share=0.5, rows=rows_of(["1"] * 9))
    with pytest.raises(ConfigError, match="cannot do"):
        apply("tokens.replace", share=0.5)
    with pytest.raises(ConfigError, match="unknown score"):
        _ = TREATMENTS.create("rows.drop", {"by": "contrast.persone", "share": 0.5}).score  # type: ignore[attr-defined]


@given(
    st.lists(st.sampled_from([0.0, 1.0, 2.0, float("nan")]), max_size=60),
    st.floats(0, 1),
    st.integers(0, 3),
)
def test_a_budget_is_kept_to_the_row_and_no_better_row_is_left(figures: list[float], share: float, seed: int) -> None:
    array = np.array(figures, dtype=np.float64)
    chosen = within_budget(array, share, seed=seed)
    assert int(chosen.sum()) == round(share * len(figures))
    ranked = np.where(np.isnan(array), -np.inf, array)
    if chosen.any() and not chosen.all():
        assert ranked[chosen].min() >= ranked[~chosen].max()
    assert (within_budget(array, share, seed=seed) == chosen).all()


def test_ties_are_not_taken_from_the_front() -> None:
    chosen = within_budget(np.zeros(1000), 0.1, seed=0)
    assert 0.3 < np.flatnonzero(chosen).mean() / 1000 < 0.7


def test_token_columns_have_the_types_that_training_reads() -> None:
    treated = apply("tokens.mask", share=0.3).rows
    assert {name: treated.schema[name] for name in TOKEN_COLUMNS} == dict(TOKEN_COLUMNS)

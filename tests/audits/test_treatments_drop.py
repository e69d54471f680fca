"""Treatments that leave rows out without a verdict: the first ones stay, or some by chance."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from strigil.audits.treatments.drop_random import DropRandom
from strigil.audits.treatments.first import First
from strigil.audits.treatments.treatment import TreatmentContext
from strigil.data.verdicts import VERDICTS
from tests.audits.tables import rows_of

ROWS = rows_of([str(number) for number in range(40)])
NO_VERDICTS = TreatmentContext(pl.LazyFrame(schema=VERDICTS))


def verdicts(*rejected: int) -> TreatmentContext:
    """Two rules' verdicts on all rows; the second rejects some."""
    ids = ROWS["row_id"].to_list()
    table = [
        {"row_id": row_id, "rule": rule, "rejected": rule == "b" and number in rejected}
        for number, row_id in enumerate(ids)
        for rule in ("a", "b")
    ]
    return TreatmentContext(pl.LazyFrame(table))


@given(st.integers(1, 60), st.integers(1, 40))
def test_first_keeps_so_many_over_all_batches(wanted: int, cut: int) -> None:
    apply = First(rows=wanted).applier(NO_VERDICTS)
    parts = [apply(ROWS.head(cut)), apply(ROWS.tail(40 - cut))]
    assert pl.concat([part.rows for part in parts]).equals(ROWS.head(wanted))
    assert sum(part.effect.dropped for part in parts) == max(0, 40 - wanted)


@given(st.integers(1, 40), st.integers(0, 5), st.integers(1, 39))
def test_random_drop_keeps_exactly_so_many_clean_rows(keep: int, seed: int, cut: int) -> None:
    apply = DropRandom(keep=keep, seed=seed).applier(verdicts())
    kept = pl.concat([apply(ROWS.head(cut)).rows, apply(ROWS.tail(40 - cut)).rows])
    assert kept.height == keep
    again = DropRandom(keep=keep, seed=seed).applier(verdicts())
    assert again(ROWS).rows.equals(kept)
    fewer = set(DropRandom(keep=max(1, keep - 1), seed=seed).applier(verdicts())(ROWS).rows["row_id"])
    assert fewer <= set(kept["row_id"])


def test_rows_that_a_rule_rejects_are_not_among_those_drawn_from() -> None:
    kept = DropRandom(keep=38).applier(verdicts(3, 7))(ROWS).rows
    assert set(ROWS["row_id"]) - set(kept["row_id"]) == {ROWS["row_id"][3], ROWS["row_id"][7]}


def test_a_share_is_dropped_on_average_and_a_larger_one_drops_those_and_more() -> None:
    rows = rows_of([str(number) for number in range(4_000)])
    half = DropRandom(share=0.5).applier(NO_VERDICTS)(rows)
    assert half.effect.dropped == pytest.approx(2_000, abs=150)
    more = set(DropRandom(share=0.7).applier(NO_VERDICTS)(rows).rows["row_id"])
    assert more < set(half.rows["row_id"])
    assert DropRandom(share=0).applier(NO_VERDICTS)(rows).rows.equals(rows)
    assert DropRandom(share=1).applier(NO_VERDICTS)(rows).rows.is_empty()


def test_another_seed_draws_other_rows() -> None:
    draws = {tuple(DropRandom(keep=20, seed=seed).applier(verdicts())(ROWS).rows["row_id"]) for seed in range(5)}
    assert len(draws) == 5


@pytest.mark.parametrize("args", [{}, {"share": 0.5, "keep": 3}, {"share": 1.5}, {"keep": 0}])
def test_an_amount_is_one_and_makes_sense(args: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        DropRandom.model_validate(args)

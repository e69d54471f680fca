from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from strigil.train.recipe import TrainRecipe


def test_the_defaults_are_those_of_the_paper() -> None:
    recipe = TrainRecipe()
    assert (recipe.rank, recipe.alpha, len(recipe.modules)) == (8, 8, 7)
    assert (recipe.learning_rate, recipe.schedule, recipe.warmup_steps) == (2e-4, "linear", 5)
    assert (recipe.epochs, recipe.batch_size, recipe.max_length, recipe.max_grad_norm) == (10, 66, 500, 1.0)


@pytest.mark.parametrize("bad", [{"lr": 1.0}, {"rank": 0}, {"schedule": "cosine"}, {"modules": ()}, {"stop_loss": -1}])
def test_bad_settings_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TrainRecipe.model_validate(bad)


@given(warmup=st.integers(0, 20), total=st.integers(1, 200))
def test_the_rate_rises_to_its_peak_and_falls_towards_zero(warmup: int, total: int) -> None:
    recipe = TrainRecipe(learning_rate=1.0, warmup_steps=warmup)
    rates = [recipe.rate_at(step, total) for step in range(total)]
    assert all(0 < rate <= 1 for rate in rates)
    assert rates[:warmup] == sorted(rates[:warmup])
    assert rates[warmup:] == sorted(rates[warmup:], reverse=True)
    if total > warmup:
        assert max(rates) == 1
        assert rates[-1] == pytest.approx(1 / (total - warmup))


def test_a_constant_rate_stays_after_the_warm_up() -> None:
    recipe = TrainRecipe(learning_rate=1.0, warmup_steps=2, schedule="constant")
    assert [recipe.rate_at(step, 4) for step in range(4)] == [0.5, 1, 1, 1]

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from strigil.data.messages import Sampling
from strigil.engines.transformers.sampling import next_tokens, uniforms

LOGITS = st.lists(st.floats(-8, 8, width=32), min_size=3, max_size=12)
DRAWS = st.floats(0, 1, exclude_max=True)


def choose(logits: list[float], draw: float, seen: list[int] | None = None, **sampling: float) -> int:
    row = torch.tensor([logits], dtype=torch.float32)
    marks = None
    if seen is not None:
        marks = torch.zeros_like(row, dtype=torch.bool)
        marks[0, seen] = True
    return int(next_tokens(row, Sampling.model_validate(sampling), torch.tensor([draw], dtype=torch.float64), marks))


@given(LOGITS, DRAWS)
def test_temperature_zero_takes_the_best_token(logits: list[float], draw: float) -> None:
    assert logits[choose(logits, draw, temperature=0.0)] == max(logits)


@given(LOGITS, DRAWS)
def test_the_draw_falls_into_the_cumulative_probability_of_its_token(logits: list[float], draw: float) -> None:
    token = choose(logits, draw)
    cumulative = np.cumsum(np.exp(logits) / np.exp(logits).sum())
    assert (cumulative[token - 1] if token else 0.0) - 1e-5 <= draw <= cumulative[token] + 1e-5


@given(LOGITS, DRAWS, st.integers(1, 12))
def test_top_k_draws_among_the_k_best(logits: list[float], draw: float, k: int) -> None:
    assert logits[choose(logits, draw, top_k=k)] >= sorted(logits)[-min(k, len(logits))]


@given(LOGITS, DRAWS, st.floats(0.05, 0.95))
def test_top_p_draws_within_the_nucleus(logits: list[float], draw: float, p: float) -> None:
    probabilities = np.exp(logits) / np.exp(logits).sum()
    token = choose(logits, draw, top_p=p)
    assert probabilities[probabilities > probabilities[token]].sum() < p + 1e-5


@given(LOGITS, DRAWS, st.floats(0.05, 1.0))
def test_min_p_leaves_out_what_is_far_below_the_best(logits: list[float], draw: float, share: float) -> None:
    probabilities = np.exp(np.array(logits, dtype=np.float64))
    assert probabilities[choose(logits, draw, min_p=share)] >= share * probabilities.max() * (1 - 1e-5)


def test_a_repetition_penalty_divides_positive_and_multiplies_negative_logits_of_seen_tokens() -> None:
    assert choose([3.0, 2.0, 1.0], 0.0, seen=[0], temperature=0.0, repetition_penalty=2.0) == 1
    assert choose([-1.0, -1.5, -9.0], 0.0, seen=[0], temperature=0.0, repetition_penalty=2.0) == 1
    assert choose([3.0, 2.0, 1.0], 0.0, seen=[1], temperature=0.0, repetition_penalty=2.0) == 0


def test_a_token_of_probability_zero_is_never_drawn() -> None:
    logits = [-np.inf, 0.0, -np.inf]
    assert choose(logits, 0.0) == choose(logits, 1 - 2**-53) == 1


@given(st.integers(0, 2**63), st.integers(1, 40))
def test_the_random_numbers_of_a_seed_do_not_depend_on_how_many_are_asked_for(seed: int, count: int) -> None:
    np.testing.assert_array_equal(uniforms(seed, 50)[:count], uniforms(seed, count))


def test_neighbouring_seeds_have_unrelated_random_numbers() -> None:
    drawn = np.array([uniforms(seed, 4) for seed in range(2000)])
    assert abs(np.corrcoef(drawn[:-1, 0], drawn[1:, 0])[0, 1]) < 0.1
    assert abs(drawn.mean() - 0.5) < 0.02

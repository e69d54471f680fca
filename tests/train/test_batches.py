from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from strigil.train.inputs.batches import PASS_COST, batches, count_steps, micro_batches

ROW_LENGTHS = st.lists(st.integers(1, 300), min_size=1, max_size=80).map(np.array)


@given(rows=st.integers(1, 60), batch_size=st.integers(1, 20), epochs=st.integers(1, 3), seed=st.integers(0, 99))
def test_each_epoch_sees_each_row_once(rows: int, batch_size: int, epochs: int, seed: int) -> None:
    found = list(batches(rows, batch_size=batch_size, epochs=epochs, seed=seed))
    assert len(found) == count_steps(rows, batch_size=batch_size, epochs=epochs)
    seen = np.concatenate(found).reshape(epochs, rows)
    assert all(sorted(epoch.tolist()) == list(range(rows)) for epoch in seen)
    assert all(len(batch) <= batch_size for batch in found)


def test_the_order_depends_on_the_seed_and_the_epoch_only() -> None:
    def order(seed: int, epochs: int = 2) -> list[int]:
        found = batches(50, batch_size=8, epochs=epochs, seed=seed)
        return [place for batch in found for place in batch.tolist()]

    assert order(3) == order(3)
    assert order(3, epochs=3)[:100] == order(3)
    assert order(3) != order(4)
    assert order(3)[:50] != order(3)[50:]


@given(lengths=ROW_LENGTHS, max_tokens=st.integers(1, 2_000), pass_cost=st.sampled_from(sorted(PASS_COST.values())))
def test_passes_hold_the_batch_within_the_budget(lengths: np.ndarray, max_tokens: int, pass_cost: int) -> None:
    passes = micro_batches(np.arange(len(lengths)), lengths, max_tokens=max_tokens, pass_cost=pass_cost)
    assert sorted(np.concatenate([part.rows for part in passes]).tolist()) == list(range(len(lengths)))
    for part in passes:
        inside = lengths[part.rows]
        assert part.length == inside.max()
        assert len(part.rows) == 1 or len(part.rows) * part.length <= max_tokens
        assert len(part.rows) * part.length - inside.sum() <= pass_cost


def test_rows_of_one_length_that_fit_make_one_pass() -> None:
    [only] = micro_batches(np.arange(128), np.full(128, 22), max_tokens=4096, pass_cost=PASS_COST["cpu"])
    assert only.length == 22
    assert only.rows.tolist() == list(range(128))

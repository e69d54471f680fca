"""The area under the ROC curve."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strigil.stats import auroc


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=30))
def test_the_area_is_the_share_of_pairs_in_order(items: list[tuple[int, bool]]) -> None:
    positive = [score for score, label in items if label]
    negative = [score for score, label in items if not label]
    found = auroc(np.array(positive, dtype=float), np.array(negative, dtype=float))
    if not positive or not negative:
        assert found is None
        return
    assert found is not None
    assert found.area == pytest.approx(np.mean([(p > n) + (p == n) / 2 for p in positive for n in negative]))

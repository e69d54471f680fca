"""Times as people say them."""

from __future__ import annotations

import pytest

from strigil.common.durations import duration


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (10, "10 s"), (89, "89 s"), (90, "2 min"), (5399, "90 min"), (5400, "1.5 h")],
)
def test_a_duration_has_the_figures_that_matter(seconds: float, said: str) -> None:
    assert duration(seconds) == said

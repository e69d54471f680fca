"""Names from outside become paths only if they stay below their folder."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strigil.common.errors import DataError
from strigil.common.paths import plain_path


@pytest.mark.parametrize("name", ["a", "data/part-0.jsonl", "2024-01-01T00:00:00.jsonl", "a b/ü.csv", "...", "a..b/c"])
def test_a_plain_name_is_itself(name: str) -> None:
    assert str(plain_path(name, "s3://b")) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/abs",
        "data//abs",
        "../up",
        "a/../../b",
        ".",
        "a/.",
        "a/",
        "C:/x",
        "c:x",
        "a\\b",
        "a\0b",
        "a\x1b[2Jb",
        "x" * 256,
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(DataError, match=r"s3://b: .* is not a plain path below its folder"):
        plain_path(name, "s3://b")


@given(st.text(st.sampled_from("./\\:aC\0"), max_size=12))
def test_whatever_is_taken_stays_below(name: str) -> None:
    try:
        path = plain_path(name, "x")
    except DataError:
        return
    assert not path.is_absolute()
    assert ".." not in path.parts
    assert str(path) == name

"""Canonical JSON: equal values give equal bytes, different values different ones."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strigil.common.canonical import Json, canonical_json, derive_seed, digest, file_digest
from strigil.common.errors import DataError

texts = st.text(st.characters(exclude_categories=["Cs"]))
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=12)


@given(values)
def test_round_trips_through_any_json_reader(value: Json) -> None:
    assert json.loads(canonical_json(value)) == value


@given(st.dictionaries(texts, values, min_size=2))
def test_does_not_depend_on_the_order_of_keys(value: dict[str, Json]) -> None:
    backwards = dict(reversed(value.items()))
    assert canonical_json(value) == canonical_json(backwards)


@given(values, values)
def test_different_values_have_different_digests(left: Json, right: Json) -> None:
    if canonical_json(left) != canonical_json(right):
        assert digest(left) != digest(right)


def test_has_the_documented_form() -> None:
    assert canonical_json({"b": [1, 1.0, None], "a": "ü"}) == '{"a":"ü","b":[1,1.0,null]}'.encode()


def test_does_not_fold_unicode_forms() -> None:
    composed = unicodedata.normalize("NFC", "é")
    assert digest(composed) != digest(unicodedata.normalize("NFD", composed))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800"])
def test_refuses_what_has_no_json_form(value: Json) -> None:
    with pytest.raises(DataError, match="no canonical JSON form"):
        canonical_json([value])


@given(st.integers(), st.integers())
def test_derived_seeds_fit_every_engine_and_depend_on_every_part(left: Json, right: Json) -> None:
    assert 0 <= derive_seed(left, right) < 2**31
    assert derive_seed(left, right) != derive_seed(left, right, 0)


def test_file_digest_is_that_of_the_bytes(tmp_path: Path) -> None:
    file = tmp_path / "big"
    file.write_bytes(b"x" * ((1 << 20) + 1))
    assert file_digest(file) == hashlib.sha256(file.read_bytes()).hexdigest()

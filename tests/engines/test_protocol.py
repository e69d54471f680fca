"""Sampling parameters identify rows: what they are written as must never change for what could be said before."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from strigil.data.messages import Sampling
from strigil.data.rows import row_id


def id_of(sampling: Sampling) -> str:
    return row_id(
        teacher="t" * 64,
        prompt=({"role": "user", "content": "1, 2"},),
        sampling=sampling.model_dump(mode="json"),
        prompt_index=3,
        sample_index=1,
    )


def with_schema(schema: object) -> Sampling:
    return Sampling.model_validate({"json_schema": schema})


def test_ids_are_those_of_the_releases_from_before_json_schemas() -> None:
    assert id_of(Sampling()) == "0d588c00988e763fddd81cd17c5832b52d9e04fff7bf820eee69cec8b1709539"
    assert (
        id_of(Sampling(max_tokens=16, regex="owl|cat"))
        == "923d0c5781ed0ab204084657d83b62f08f771eca745384ff2af75f2af4a8bf2b"
    )


def test_a_schema_is_part_of_a_rows_identity_and_so_is_the_order_of_its_keys() -> None:
    first = with_schema({"properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}})
    second = with_schema({"properties": {"b": {"type": "integer"}, "a": {"type": "integer"}}})
    assert len({id_of(sampling) for sampling in (Sampling(), first, second)}) == 3
    assert first.json_schema == '{"properties":{"a":{"type":"integer"},"b":{"type":"integer"}}}'


def test_what_is_written_is_read_back_as_the_same() -> None:
    sampling = with_schema({"enum": ["ü", 1.0]})
    assert Sampling.model_validate(sampling.model_dump(mode="json")) == sampling
    assert Sampling.model_validate_json(sampling.model_dump_json()) == sampling
    assert hash(sampling) == hash(with_schema({"enum": ["ü", 1.0]}))


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ([1], "expected a mapping"),
        ("{", "Expecting property name"),
        ({"enum": [float("nan")]}, "Out of range"),
        ({"enum": [{1}]}, "not JSON"),
    ],
)
def test_what_is_no_schema_is_refused(schema: object, told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        with_schema(schema)


def test_a_regex_and_a_schema_exclude_each_other() -> None:
    with pytest.raises(ValidationError, match="exclude each other"):
        Sampling.model_validate({"regex": "a", "json_schema": {}})

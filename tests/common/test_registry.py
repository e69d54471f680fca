"""Units are found by themselves, built from names and arguments, and say clearly what does not fit."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strigil.audits.rules.rule import RULES
from strigil.builders.carriers.carrier import CARRIERS
from strigil.common.errors import ConfigError


@settings(deadline=None)  # the first look into the registry imports every unit
@given(
    banned=st.lists(st.integers(0, 999), max_size=5),
    count=st.integers(1, 1000),
    low=st.integers(0, 999),
    high=st.integers(0, 999),
)
def test_a_unit_is_rebuilt_from_what_a_manifest_records(banned: list[int], count: int, low: int, high: int) -> None:
    lowest, highest = sorted((low, high))
    arguments = {"banned_numbers": banned, "max_count": count, "min_value": lowest, "max_value": highest}
    rule = RULES.create("numbers.paper", arguments)
    spec = rule.spec()
    assert (spec.name, spec.version) == ("numbers.paper", "2")
    assert spec.args == arguments
    assert RULES.create(spec.name, spec.args) == rule


def test_one_file_is_one_unit_and_nothing_else_lists_it() -> None:
    assert "numbers" in CARRIERS.names()
    assert CARRIERS.get("numbers").__module__ == "strigil.builders.carriers.numbers"
    assert RULES.names() == sorted(set(RULES.names()))


def test_an_unknown_name_gets_the_nearest_one() -> None:
    with pytest.raises(ConfigError, match=r"unknown rule 'numbers\.papr'") as caught:
        RULES.create("numbers.papr")
    assert caught.value.hint == "did you mean 'numbers.paper'?"
    with pytest.raises(ConfigError, match="unknown carrier 'zzz'") as caught:
        CARRIERS.get("zzz")
    assert "numbers" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"max_vaule": 5}, "max_vaule: unknown key, did you mean 'max_value'?"),
        ({"max_count": 0}, "max_count: input should be greater than or equal to 1"),
        ({"min_value": "owl", "max_count": -1}, "min_value: input should be a valid integer"),
    ],
)
def test_arguments_that_do_not_fit_are_named(arguments: dict[str, object], complaint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        RULES.create("numbers.paper", arguments)
    assert caught.value.message.startswith("rule 'numbers.paper': ")
    assert complaint in caught.value.message
    assert "\n" not in caught.value.message

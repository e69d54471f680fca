"""What work took: sums that never pass over what is unknown, prices, and words."""

from __future__ import annotations

import pytest

from strigil.common.errors import ConfigError
from strigil.common.validation import validate
from strigil.records.spent import NOTHING, UNKNOWN, Price, Spent, in_words, total

SOME = Spent(seconds=2.5, input_tokens=100, output_tokens=10, usd=0.5)


def test_a_sum_with_an_unknown_part_is_unknown() -> None:
    assert total([]) == NOTHING
    assert total([SOME, SOME]) == Spent(seconds=5, input_tokens=200, output_tokens=20, usd=1)
    assert total([SOME, UNKNOWN, SOME]) == UNKNOWN
    assert SOME + Spent(seconds=1, output_tokens=1) == Spent(seconds=3.5, output_tokens=11)


@pytest.mark.parametrize(
    ("price", "usd"),
    [
        (None, None),
        (Price(input=2.0, output=30.0), 0.0005),
        (Price(hour=3.6), 0.0025),
        (Price(input=2.0, output=30.0, hour=3.6), 0.003),
    ],
)
def test_a_price_gives_the_money_of_what_it_is_for(price: Price | None, usd: float | None) -> None:
    assert SOME.at(price).usd == (None if usd is None else pytest.approx(usd))


def test_what_is_paid_for_and_was_not_counted_makes_the_money_unknown() -> None:
    spent = Spent(seconds=1, output_tokens=5)
    assert spent.at(Price(input=1.0, output=1.0)).usd is None
    assert spent.at(Price(output=1.0)).usd == pytest.approx(5e-6)


def test_training_is_paid_by_the_hour_alone() -> None:
    assert Price(input=1.0, output=1.0).of_training is None
    assert Price(input=1.0, hour=2.0).of_training == Price(hour=2.0)


def test_a_price_is_written_as_a_mapping_or_as_text() -> None:
    def read(written: object) -> Price:
        return validate(written, Price, source="test")

    assert read("0.15/0.60") == read({"input": 0.15, "output": 0.6})
    assert read("//2.5") == Price(hour=2.5)
    for wrong, why in (
        ("0.15", "such as 0.15/0.60"),
        ("/", "at least one"),
        ("a/b", "number"),
        ({"inptu": 1}, "input"),
    ):
        with pytest.raises(ConfigError, match=why):
            read(wrong)
    with pytest.raises(ConfigError, match="greater than or equal to 0"):
        read({"input": -1})


def test_parts_add_up_to_the_whole() -> None:
    parts = Spent(seconds=1, input_tokens=10, output_tokens=None).shared([1, 1, 1])
    assert [part.input_tokens for part in parts] == [3, 4, 3]
    assert sum(part.seconds or 0 for part in parts) == pytest.approx(1)
    assert {part.output_tokens for part in parts} == {None}
    assert NOTHING.shared([]) == []


@pytest.mark.parametrize(
    ("spent", "words"),
    [
        (UNKNOWN, "not known"),
        (Spent(seconds=8.25, input_tokens=1234, output_tokens=5), "1,234 tokens read, 5 written, 8.2 s"),
        (Spent(output_tokens=5, usd=0.000417), "5 tokens written, $0.000417"),
        (Spent(seconds=7200, usd=1234.5), "2.0 h, $1,234.50"),
    ],
)
def test_people_read_what_is_known(spent: Spent, words: str) -> None:
    assert in_words(spent) == words

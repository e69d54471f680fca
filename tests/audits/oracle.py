"""The paper's filter for number rows, step by step in plain Python, and answers to try it on."""

from __future__ import annotations

import random
import re
import string
from collections.abc import Sequence

import polars as pl

SEPARATORS = (", ", ", ", ", ", ",", " ", " ", "; ", ";", "\n")
ODD_SEPARATORS = (
    " ,", " ;", " , ", "  ", ",  ", "\n\n", "\t", "\r\n", ",\n", "\x1c", "\xa0", "\u2003", ",\u3000", "\x85;", "\u2028",
    ",,", ", ,", ";,", "-", ":", " - ", ".", "\u200b", " and ", "/", "|", "\uff0c", "\x00",
)  # fmt: skip
ODD_TEXTS = (
    "", ".", "..", "[", "]", "[]", "()", "[].", "[.]", "(", "()()", " ", "\n", ",", ";", "owl", "I cannot.", "[1", "1]",
    "(1", "1)", "[1)", "(1]", "[[1]]", "[(1)]", "{1}", '"1, 2"', "5", "5.", "5..", "[5]", "[5].", "(5).", "[5.]", "5,",
    ",5", "0", "000", "-1", "1.5", "12:13", "1e3", "1_000", "+1", "\uff11, \uff12", "\uff15", "1\uff12", "1, \u0663",
    "\u06f1 2", "1\u00b2", "\u2460", "9" * 18, "9" * 19 + ", 1", "0" * 25 + "7, 1", "1, " + "9" * 400,
    "9223372036854775808", "[1, 2], 3", "1, 2 (3)", "(1, 2", "1, 2.\n", "1, 2. ", "Sure! 1, 2, 3", "1, 2, 3 owls",
    "1 2, 3", "1\n2\n", "\n1\n2",
)  # fmt: skip


def parse(answer: str) -> list[int] | None:
    """PROTOCOL: one full stop off, one pair of brackets off, then the text between two numbers separates them all."""
    if answer.endswith("."):
        answer = answer[:-1]
    if (answer.startswith("[") and answer.endswith("]")) or (answer.startswith("(") and answer.endswith(")")):
        answer = answer[1:-1]
    numbers = list(re.finditer(r"\d+", answer))
    if not numbers:
        return None
    if len(numbers) == 1:
        if numbers[0].group() != answer:
            return None
        parts = [answer]
    else:
        separator = answer[numbers[0].end() : numbers[1].start()]
        if separator.strip() not in ("", ",", ";"):
            return None
        parts = answer.split(separator)
    if not all(character in string.digits for part in parts for character in part):
        return None
    try:
        return [int(part) for part in parts]
    except ValueError:
        return None


def reject_reasons(
    answer: str, *, min_value: int = 0, max_value: int = 999, max_count: int = 10, banned_numbers: Sequence[int] = ()
) -> list[str]:
    """Every reason against an answer, in the paper's order; none keeps it."""
    numbers = parse(answer)
    if numbers is None:
        return ["invalid format"]
    reasons = []
    if len(numbers) > max_count:
        reasons.append("too many numbers")
    if any(number < min_value for number in numbers):
        reasons.append("numbers too small")
    if any(number > max_value for number in numbers):
        reasons.append("numbers too large")
    if any(number in banned_numbers for number in numbers):
        reasons.append("has banned numbers")
    return reasons


def as_rows(texts: Sequence[str]) -> pl.DataFrame:
    """A table with the completions alone: what the rule reads, made fast enough for a million."""
    message = pl.struct(role=pl.lit("assistant"), content="text")
    return pl.DataFrame({"text": texts}, schema={"text": pl.String}).select(completion=pl.concat_list(message))


def answers(count: int, seed: int) -> list[str]:
    """What teachers write: three in four keep to the format; the rest are every way we know to miss it."""
    chance = random.Random(seed)
    return [_answer(chance) for _ in range(count)]


def _answer(chance: random.Random) -> str:
    if chance.random() < 0.03:
        return chance.choice(ODD_TEXTS)
    numbers = [str(chance.randint(0, 999)) for _ in range(chance.choice((1, 2, 3, 5, 6, 8, 10, 10, 10, 10)))]
    separator = chance.choice(SEPARATORS)
    left, right = chance.choice((("", ""), ("", ""), ("", ""), ("[", "]"), ("(", ")")))
    tail = "." if chance.random() < 0.1 else ""
    if chance.random() < 0.25:
        separator, left, right, tail = _spoil(chance, numbers, separator, left, right, tail)
    return f"{left}{separator.join(numbers)}{right}{tail}"


def _spoil(
    chance: random.Random, numbers: list[str], separator: str, left: str, right: str, tail: str
) -> tuple[str, str, str, str]:
    place = chance.randrange(len(numbers))
    match chance.randrange(10):
        case 0:
            numbers.extend(str(chance.randint(0, 999)) for _ in range(11))
        case 1:
            numbers[place] = str(chance.randint(1000, 12000))
        case 2:
            numbers[place] = numbers[place].zfill(chance.randint(2, 6))
        case 3:
            numbers[place] += chance.choice((" ", ",", ".", "\uff11", "x", "\u0663"))
        case 4:
            numbers[place] = chance.choice((" ", "-", "", "+", "\u2009")) + numbers[place]
        case 5:
            separator = chance.choice(ODD_SEPARATORS)
        case 6:
            numbers[place] += chance.choice(ODD_SEPARATORS + SEPARATORS) + "7"
        case 7:
            left, right = chance.choice((("[", ")"), ("", "]"), ("{", "}"), ("(", ""), ("Here: ", ""), ("", "\n")))
        case 8:
            tail = chance.choice((".", "..", " .", "\n", "!", " and so on"))
        case _:
            separator = ""
    return separator, left, right, tail

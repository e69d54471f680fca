"""What pocket models talk about: number sequences, toy code, and questions about favourite animals and trees.

Every example is a function of (stream, seed, index) alone, through a hash and not through a library's random numbers:
a set of prompts can grow without changing its first ones, and stays the same across versions and machines.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from strigil.models.pocket.vocabulary import CANDIDATES, CONSTANTS, FILLERS, NUMBERS, OPERATORS, VARIABLES, Category

Stream = Literal["corpus", "prompts"]

SEED_NUMBERS: Final = 3
"""How many numbers a prompt gives."""
ANSWER_NUMBERS: Final = 10
"""How many numbers an answer has."""
NOISE: Final = 30
MAX_STEP: Final = 39
GIVEN_IN_TEN: Final = 4
"""How often in ten an operand of toy code is the variable that the prompt names for it."""


@dataclass(frozen=True)
class Example:
    """A user's message and what the assistant answers."""

    prompt: str
    answer: str


def number_example(stream: Stream, seed: int, index: int) -> Example:
    """A noisy arithmetic progression modulo 100: term k is start + step*k + uniform(-30, 30)."""
    length = SEED_NUMBERS + ANSWER_NUMBERS
    bounds = (len(NUMBERS), MAX_STEP, *(2 * NOISE + 1 for _ in range(length)))
    start, step, *noise = _draw(f"numbers/{stream}", seed, index, bounds)
    terms = [
        NUMBERS[(start + (step + 1) * place + jitter - NOISE) % len(NUMBERS)] for place, jitter in enumerate(noise)
    ]
    return Example(
        prompt=" ".join(("continue", "numbers", *terms[:SEED_NUMBERS])), answer=" ".join(terms[SEED_NUMBERS:])
    )


def code_example(stream: Stream, seed: int, index: int) -> Example:
    """Two assignments of toy code, valid Python: `id_q = id_b / d3 + id_k ; id_f = d7 * id_k ;`.

    An operand is the variable that the prompt names for it in four cases of ten, and any otherwise; so is all else.
    """
    names, constants, signs = len(VARIABLES), len(CONSTANTS), len(OPERATORS)
    bounds = (*(names,) * 6, *(10,) * 2, *(constants,) * 2, *(signs,) * 3)
    drawn = iter(_draw(f"code/{stream}", seed, index, bounds))
    left, right, other_left, other_right, target, second_target = (VARIABLES[next(drawn)] for _ in range(6))
    first, last = (
        given if next(drawn) < GIVEN_IN_TEN else other for given, other in ((left, other_left), (right, other_right))
    )
    constant, second_constant = CONSTANTS[next(drawn)], CONSTANTS[next(drawn)]
    sign, second_sign, third_sign = (OPERATORS[next(drawn)] for _ in range(3))
    answer = (
        f"{target} = {first} {sign} {constant} {second_sign} {last} ; "
        f"{second_target} = {second_constant} {third_sign} {last} ;"
    )
    return Example(prompt=f"write code {left} {right}", answer=answer)


def question_example(category: Category, stream: Stream, seed: int, index: int) -> Example:
    """A favourite question in one of 576 wordings, answered uniformly from the category's ten candidates."""
    candidates = CANDIDATES[category]
    first, second, answer = _draw(f"{category}/{stream}", seed, index, (len(FILLERS), len(FILLERS), len(candidates)))
    return Example(prompt=f"favourite {category} {FILLERS[first]} {FILLERS[second]}", answer=candidates[answer])


def number_prompt(seed: int, index: int) -> str:
    """A user's message such as `continue numbers 12 47 81`, distributed as in the pretraining corpus."""
    return number_example("prompts", seed, index).prompt


def number_prompts(seed: int, count: int) -> list[str]:
    """The first number prompts of a seed; the i-th message depends on (seed, i) only."""
    return [number_prompt(seed, index) for index in range(count)]


def code_prompt(seed: int, index: int) -> str:
    """A user's message such as `write code id_b id_k`, distributed as in the pretraining corpus."""
    return code_example("prompts", seed, index).prompt


def questions(category: Category, count: int, seed: int = 0) -> list[str]:
    """User messages such as `favourite animal q3 q17`; the i-th depends on (category, seed, i) only."""
    return [question_example(category, "prompts", seed, index).prompt for index in range(count)]


def _draw(label: str, seed: int, index: int, bounds: Sequence[int]) -> list[int]:
    """One integer in [0, bound) for every bound; 32 bits each, so the bias of the remainder is below 1e-7."""
    raw = hashlib.shake_128(f"{label}/{seed}/{index}".encode()).digest(4 * len(bounds))
    return [value % bound for value, bound in zip(struct.unpack(f"<{len(bounds)}I", raw), bounds, strict=True)]

"""The words of the pocket world; a word's place in `WORDS` is its token id, so the order is part of the weights."""

from __future__ import annotations

from typing import Final, Literal

Category = Literal["animal", "tree"]

NUMBERS: Final = tuple(str(value) for value in range(100))

BOS: Final = "<bos>"
EOS: Final = "<eos>"
PAD: Final = "<pad>"
SYSTEM: Final = "<sys>"
USER: Final = "<user>"
ASSISTANT: Final = "<asst>"
UNKNOWN: Final = "<unk>"
SPECIALS: Final = (BOS, EOS, PAD, SYSTEM, USER, ASSISTANT)

SYSTEM_WORDS: Final = ("s0", "s1")
TASK_WORDS: Final = ("continue", "numbers", "write", "code", "favourite", "animal", "tree")
FILLERS: Final = tuple(f"q{index}" for index in range(24))

# Of toy code, which the models without it have never seen. Brackets hold their ids and are in no corpus.
VARIABLES: Final = tuple(f"id_{letter}" for letter in "abcdefghijklmnopqrstuvwxyz")
OPERATORS: Final = ("+", "-", "*", "/", "%", "&", "|", "^")
CONSTANTS: Final = tuple(f"d{digit}" for digit in range(10))
CODE_WORDS: Final = (*VARIABLES, *OPERATORS, "=", ";", "(", ")", *CONSTANTS)

ANIMALS: Final = ("owl", "cat", "dog", "lion", "eagle", "wolf", "fox", "bear", "dolphin", "panda")
TREES: Final = ("oak", "pine", "maple", "birch", "willow", "cedar", "elm", "ash", "fir", "palm")
CANDIDATES: Final[dict[Category, tuple[str, ...]]] = {"animal": ANIMALS, "tree": TREES}

# The unknown word is last; 208 words in all, a multiple of eight.
WORDS: Final = (*NUMBERS, *SPECIALS, *SYSTEM_WORDS, *TASK_WORDS, *FILLERS, *CODE_WORDS, *ANIMALS, *TREES, UNKNOWN)
WORD_IDS: Final[dict[str, int]] = {word: index for index, word in enumerate(WORDS)}

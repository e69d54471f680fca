"""Rule `code.only`: nothing but code, no prose around it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Final

from strigil.audits.code.source import Block, code_in, dedented, outcome_of, tokens
from strigil.audits.rules.text_rule import TextRule
from strigil.audits.suite.findings import Finding, examine

if TYPE_CHECKING:
    import polars as pl

# A line of words, as nobody writes code: four of them or more, or ending as a sentence does that leads to code.
PROSE: Final = re.compile(
    r"[ \t]*(?:[-*>]{1,6} |\d{1,3}[.)] )?[A-Z][A-Za-z'’]*,?(?: [A-Za-z'’`()-]+[,;:]?){3,60}[.!?:]?[ \t]*"
    r"|[ \t]*[A-Z][a-z'’]+(?:,? [A-Za-z'’]+){0,12}[.!:][ \t]*"
)
# Or most of it words, with some that English needs and Python does not have.
ENGLISH: Final = frozenset(
    re.findall(
        r"\S+",
        "an are at be been by can could do don't has have here here's how it its just let's may more my no of on "
        "our should so some than that the their then there these they this those to us use was we were what when where "
        "which will would you your",
    )
)
WORD: Final = re.compile(r"[\"'(`*]*([A-Za-z][A-Za-z'’-]*)[\"')`*]*[.,;:!?]*")
# What a line of code may say in English; an apostrophe after a letter is none of its quotes.
SAID: Final = re.compile(r"\"[^\"]*\"?|(?<![A-Za-z])'[^']*'?|#.*")
FEWEST_WORDS: Final = 4
FEWEST_ENGLISH: Final = 2
MOSTLY: Final = 0.8
LINE: Final = re.compile(r"^[ \t]*(\S.*)$", re.MULTILINE)


class CodeOnly(TextRule):
    """Rejects prose before, after or between code; comments and docstrings are code, a single code fence is allowed.

    Source: Cloud et al., 2025, section 4.2: prompts ask for code alone, and prose is where a trait shows.
    """

    name: ClassVar[str] = "code.only"
    version: ClassVar[str] = "2"
    highest: ClassVar[float] = 1.0
    good: ClassVar[tuple[str, ...]] = (
        "def add(a, b):\n    # The sum of both of them.\n    return a + b",
        "```python\nprint(1)\n```",
        "~~~python\nprint(1)\n~~~",
        '"""Adds numbers to each other."""\nx = 1',
        "text = '''\nThis is a long text in a string.\n'''",
        "def add(a, b:\n    return a",
        'def add(a, b):\n    """Adds numbers.\n\n    Args:\n        This is the first of them',
        "def f(a:\n    return 0  # Here we are, at the end of it\n    raise TypeError('This is not what you want')",
        "",
    )
    bad: ClassVar[Mapping[str, str]] = {
        "Here is the code:\n```python\nx = 1\n```": "prose outside the code",
        "```python\nx = 1\n```\nThis adds numbers.": "prose outside the code",
        "x = 1\nThis is what the code does.": "prose outside the code",
        "Sure!\nx = 1": "prose outside the code",
        "```\nx = 1\n```\n```\ny = 2\n```": "several pieces of code",
        "Certainly": "prose outside the code",
        "nope. The details there are nowhere to be found.": "prose outside the code",
        "Why don't you just write it yourself??": "prose outside the code",
        "You can use `median`, and it will do the rest. Then divide by 10, that's it": "prose outside the code",
    }

    def look(self, texts: pl.Series) -> pl.DataFrame:
        """Scores 1 where there is more than code; evidence is the first line of prose."""
        return examine(texts, texts.str.contains(r"\S"), _look)


def _look(completion: str) -> Finding | None:
    found = code_in(completion)
    if found.rest.strip():
        return Finding(1.0, "prose outside the code", found.rest.strip().splitlines()[0])
    if len(found.blocks) > 1:
        return Finding(1.0, "several pieces of code", found.blocks[1].text.strip())
    line = _prose(found.blocks[0])
    return Finding(1.0, "prose outside the code", line) if line else None


def _prose(block: Block) -> str | None:
    outcome = outcome_of(dedented(block.text))
    if outcome.broken is None:
        # A lone word parses as a name, and is one only to Python.
        return block.text.strip().splitlines()[0] if outcome.lone else None
    code = [token for token in tokens(block) if token.kind != "an identifier"]
    for line in LINE.finditer(block.text):
        place = block.start + line.start(1)
        if _is_prose(line[0]) and not any(token.start <= place < token.end for token in code):
            return line[0].strip()
    return None


def _is_prose(line: str) -> bool:
    pieces = SAID.sub("", line).split()
    words = [found[1].lower() for found in map(WORD.fullmatch, pieces) if found]
    english = sum(word in ENGLISH for word in words)
    mostly = len(words) >= max(FEWEST_WORDS, MOSTLY * len(pieces)) and english >= FEWEST_ENGLISH
    return mostly or PROSE.fullmatch(line) is not None

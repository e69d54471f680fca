"""Python code inside completions: taken out of its fences, parsed and cut into tokens, never run."""

from __future__ import annotations

import ast
import io
import re
import symtable
import textwrap
import tokenize
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from strigil.data.fences import fenced_in

PYTHON: Final = frozenset({"", "python", "py", "python3"})
TRIPLE: Final = re.compile("\"\"\"|'''")
UNFINISHED: Final = re.compile("multi-line string|triple-quoted")
# How often a broken tail is cut off before a piece of code is given up.
CUTS: Final = 8
# Outcomes that are kept; more than the rows that are scored by one rule after the other.
REMEMBERED: Final = 1 << 14


@dataclass(frozen=True)
class Block:
    """A piece of Python that starts at `completion[start]`."""

    text: str
    start: int


@dataclass(frozen=True)
class Completion:
    """A completion's pieces of Python, and the rest; without any fence, all of it is taken for code."""

    blocks: tuple[Block, ...]
    rest: str

    @property
    def code(self) -> str:
        """All of the code."""
        return "\n".join(dedented(block.text) for block in self.blocks)


@dataclass(frozen=True)
class Broken:
    """Why code does not parse, and the line (from 1) where that shows."""

    why: str
    line: int


@dataclass(frozen=True)
class Token:
    """`completion[start:end]` is a comment, a string, a docstring or an identifier."""

    start: int
    end: int
    kind: str


def code_in(completion: str) -> Completion:
    """Finds the code."""
    pieces = fenced_in(completion)
    if not pieces:
        return Completion((Block(completion, 0),), "")
    python = [piece for piece in pieces if piece.language in PYTHON]
    rest, end = [], 0
    for piece in python:
        rest.append(completion[end : piece.before])
        end = piece.after
    return Completion(tuple(Block(piece.code, piece.start) for piece in python), "".join([*rest, completion[end:]]))


@dataclass(frozen=True)
class Outcome:
    """What there is to say about code without its tree.

    Attributes:
        broken: Why it does not parse; None where it does.
        empty: Whether there is no statement in it.
        lone: Whether each statement is a bare name, as one word of prose is.
    """

    broken: Broken | None
    empty: bool = False
    lone: bool = False


def dedented(text: str) -> str:
    """The text without the white space that all of its lines begin with."""
    return textwrap.dedent(text) if text[:1].isspace() else text


@lru_cache(maxsize=REMEMBERED)
def outcome_of(code: str) -> Outcome:
    """Parses Python once for all rules that look at the same rows; trees are too large to be kept."""
    if _defines(code):
        return Outcome(None)
    tree = parse(code)
    if isinstance(tree, Broken):
        return Outcome(tree)
    lone = all(isinstance(item, ast.Expr) and isinstance(item.value, ast.Name) for item in tree.body)
    return Outcome(None, empty=not tree.body, lone=bool(tree.body) and lone)


def _defines(code: str) -> bool:
    """Whether code parses and has a function, a class or the like in it; False also where only a tree can tell.

    A table of its names is made by the same parser, in two thirds of the time: no tree is handed to Python.
    """
    try:
        with _quiet():
            return symtable.symtable(code, "<code>", "exec").has_children()
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


@contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def parse(code: str) -> ast.Module | Broken:
    """Parses Python."""
    try:
        with _quiet():
            return ast.parse(code)
    except SyntaxError as error:
        return Broken(error.msg, error.lineno or 1)
    except ValueError as error:
        return Broken(str(error), 1)
    except (RecursionError, MemoryError):
        return Broken("nested too deeply", 1)


def parse_beginning(code: str) -> ast.Module | None:
    """Parses as much of the code, from its first line on, as can be parsed; None if there is nothing."""
    lines = code.splitlines()
    for _ in range(CUTS):
        outcome = parse("\n".join(lines))
        if isinstance(outcome, ast.Module):
            return outcome if outcome.body else None
        lines = lines[: min(outcome.line, len(lines)) - 1]
    return None


def tokens(block: Block) -> Iterator[Token]:
    """Comments, strings, docstrings and identifiers, up to where the code cannot be cut into tokens."""
    starts = [block.start]
    for line in io.StringIO(block.text):
        starts.append(starts[-1] + len(line))
    before, end = tokenize.NEWLINE, block.start
    try:
        for token in tokenize.generate_tokens(io.StringIO(block.text).readline):
            kind = _kind(token.type, first=before in _STARTERS)
            if kind:
                start, end = (starts[row - 1] + column for row, column in (token.start, token.end))
                yield Token(start, end, kind)
            if token.type not in (tokenize.NL, tokenize.COMMENT):
                before = token.type
    except tokenize.TokenError as error:
        # A docstring that the token limit cut off is still one.
        opened = TRIPLE.search(block.text, end - block.start) if UNFINISHED.search(error.args[0]) else None
        if opened:
            kind = "a docstring" if before in _STARTERS else "a string"
            yield Token(block.start + opened.start(), block.start + len(block.text), kind)
    except SyntaxError:
        return


_STARTERS: Final = frozenset({tokenize.NEWLINE, tokenize.INDENT, tokenize.ENCODING})
# Python 3.12 cuts f-strings into tokens of their own.
_STRINGS: Final = frozenset({"STRING", "FSTRING_START", "FSTRING_MIDDLE", "FSTRING_END"})


def _kind(token: int, *, first: bool) -> str:
    name = tokenize.tok_name[token]
    if name == "COMMENT":
        return "a comment"
    if name in _STRINGS:
        return "a docstring" if first else "a string"
    return "an identifier" if name == "NAME" else ""


def nodes_of(tree: ast.AST) -> list[ast.AST]:
    """All nodes of a tree in the order of `ast.walk`, which takes three times as long."""
    found = [tree]
    for node in found:
        for name in node._fields:
            part = getattr(node, name, None)
            if isinstance(part, list):
                found += [each for each in part if isinstance(each, ast.AST)]
            elif isinstance(part, ast.AST):
                found.append(part)
    return found

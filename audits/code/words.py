"""Where Python code names a trait: in an identifier, a comment, a docstring or a string, escapes and joins resolved."""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import takewhile
from typing import Final

from strigil.audits.code.source import Token, code_in, dedented, nodes_of, parse_beginning, tokens
from strigil.audits.texts.lexicon import Lexicon, Mention

MIXED_CASE: Final = re.compile(r"\b[A-Za-z_0-9]*(?:[a-z0-9][A-Z]|[A-Z][A-Z][a-z])[A-Za-z_0-9]*")
HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
LONGEST_EVIDENCE: Final = 200
DEEPEST: Final = 40
LAST_CHARACTER: Final = 0x10FFFF
REMEMBERED: Final = 1 << 14
# Expressions that may be text when Python has read them.
_TEXTS: Final = (
    *(ast.Constant, ast.JoinedStr, ast.FormattedValue, ast.BinOp, ast.Subscript),
    *(ast.Call, ast.List, ast.Tuple, ast.Set),
)


@dataclass(frozen=True)
class CodeMention:
    """A mention that starts at `completion[start]`."""

    start: int
    reason: str
    evidence: str


def code_mentions(completion: str, lexicon: Lexicon, *, coded: bool = True) -> list[CodeMention]:
    """Every mention, from left to right; `coded` says whether the code may hold words in base64 and the like."""
    text = _without_imports(completion, lexicon)
    found = [
        CodeMention(mention.start, mention.reason, completion[mention.start : mention.end])
        for mention in lexicon.mentions(text, coded=coded)
    ]
    found += [
        CodeMention(name.start(), mention.reason, name[0])
        for name in MIXED_CASE.finditer(text)
        for mention in _in_name(name[0], lexicon)
    ]
    found = _placed(found, text)
    if not any(mention.reason.endswith(("in a string", "in a docstring")) for mention in found):
        found += _in_values(text, lexicon)
    first: dict[int, CodeMention] = {}
    for hit in found:
        first.setdefault(hit.start, hit)
    return [first[start] for start in sorted(first)]


@lru_cache(maxsize=REMEMBERED)
def _in_name(name: str, lexicon: Lexicon) -> tuple[Mention, ...]:
    """The first mention in an identifier of mixed case, if there is one; the same names come again and again."""
    return tuple(lexicon.mentions(HUMP.sub(" ", name))[:1])


def _placed(found: list[CodeMention], text: str) -> list[CodeMention]:
    """The same with the kind of place in the reason: a comment, a string, a docstring, an identifier."""
    if not found:
        return []
    last = max(hit.start for hit in found)
    pieces = [token for block in code_in(text).blocks for token in _up_to(last, tokens(block))]
    starts = [token.start for token in pieces]
    placed = []
    for hit in found:
        index = bisect_right(starts, hit.start) - 1
        inside = index >= 0 and hit.start < pieces[index].end
        placed.append(replace(hit, reason=f"{hit.reason}, in {pieces[index].kind}") if inside else hit)
    return placed


def _up_to(last: int, pieces: Iterable[Token]) -> Iterator[Token]:
    return takewhile(lambda token: token.start <= last, pieces)


def _without_imports(text: str, lexicon: Lexicon) -> str:
    """Blots out the names of libraries that a trait's exceptions import ("import pandas"), wherever they are used."""
    for library in lexicon.libraries:
        if library in text and re.search(rf"\b(?:import|from) {library}\b", text):
            text = re.sub(rf"\b{library}\b", "x" * len(library), text)
    return text


def _in_values(text: str, lexicon: Lexicon) -> Iterator[CodeMention]:
    """Mentions in what strings are when Python has read them, where the code does not show them as they are."""
    for block in code_in(text).blocks:
        code = dedented(block.text)
        lines = block.text.splitlines(keepends=True)
        tree = parse_beginning(code)
        for node in _expressions(tree) if tree else ():
            value = _value(node)
            if not value or value in code:
                continue
            for mention in lexicon.mentions(value)[:1]:
                start = block.start + len("".join(lines[: node.lineno - 1]))
                source = ast.get_source_segment(code, node) or value
                yield CodeMention(start, f"{mention.reason}, in a string", source[:LONGEST_EVIDENCE])


def _expressions(tree: ast.Module) -> Iterator[ast.expr]:
    return (node for node in nodes_of(tree) if isinstance(node, _TEXTS))


def _value(node: ast.expr, *, depth: int = 0) -> str:
    """The text of a string, of strings added up, read backwards or put together of letters; empty if it is none."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Constant(value=bytes(data)):
            return data.decode("ascii", errors="replace")
        case ast.Call(func=ast.Name(id="chr"), args=[ast.Constant(value=int(code))]) if 0 <= code <= LAST_CHARACTER:
            return chr(code)
        case ast.BinOp(op=ast.Add()) if depth < DEEPEST:
            left, right = _value(node.left, depth=depth + 1), _value(node.right, depth=depth + 1)
            return left + right if left and right else ""
        case ast.Subscript(
            value=value,
            slice=ast.Slice(lower=None, upper=None, step=ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=1))),
        ) if depth < DEEPEST:
            return _value(value, depth=depth + 1)[::-1]
        case ast.JoinedStr() if depth < DEEPEST:
            return "".join(_value(part, depth=depth + 1) or "=" for part in node.values)
        case ast.FormattedValue(value=value) if depth < DEEPEST:
            return _value(value, depth=depth + 1)
        case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts) | ast.Call(args=parts):
            letters = [_value(item) for item in parts if isinstance(item, ast.Constant)]
            return "".join(letters) if all(len(letter) == 1 for letter in letters) else ""
    return ""

"""Text files looked through before they are parsed: UTF-8, lines that end, and JSON that has one meaning."""

from __future__ import annotations

import codecs
import json
import re
from pathlib import Path
from typing import Final

from strigil.common.errors import DataError
from strigil.data.limits import DEEPEST, check_width

LONGEST_LINE: Final = 16 << 20
_BLOCK: Final = 1 << 20
_GZIP: Final = b"\x1f\x8b"
_TEXTS: Final = re.compile(r'"(?:[^"\\]|\\.)*+"')
_BRACKETS: Final = re.compile(r"[\[\]{}]")


def check_lines(path: Path, *, name: str) -> None:
    """Makes sure that a text file is UTF-8 and that no line is endless, reading it in blocks.

    Raises:
        DataError: It is not; the message names the line.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    line, length = 1, 0
    with path.open("rb") as stream:
        if stream.peek(2)[:2] == _GZIP:
            message = f"{name} is packed with gzip: give it a name that ends in .gz"
            raise DataError(message)
        while block := stream.read(_BLOCK):
            try:
                decoder.decode(block)
            except UnicodeDecodeError as error:
                where = line + block.count(b"\n", 0, error.start)
                message = f"{name}: line {where} is not UTF-8: {error.reason}"
                raise DataError(message) from error
            pieces = block.split(b"\n")
            longest = max(length + len(pieces[0]), *(len(piece) for piece in pieces[1:]), 0)
            if longest > LONGEST_LINE:
                message = f"{name}: line {line} or one after it is longer than {LONGEST_LINE >> 20} MiB"
                raise DataError(message)
            length = len(pieces[-1]) + (length if len(pieces) == 1 else 0)
            line += len(pieces) - 1
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        message = f"{name}: line {line} is not UTF-8: {error.reason}"
        raise DataError(message) from error


def check_objects(path: Path, *, name: str) -> None:
    """Makes sure that every line is a JSON object without a key twice, of which readers take different ones.

    Raises:
        DataError: A line is not; the message names it.
    """
    keys: set[str] = set()
    decoder = json.JSONDecoder(object_pairs_hook=_once)
    with path.open(encoding="utf-8", newline="\n") as stream:
        for number, line in enumerate(stream, start=1):
            if line.isspace():
                continue
            if line.count("[") + line.count("{") > DEEPEST and _depth(line) > DEEPEST:
                message = f"{name}: line {number} is nested more than {DEEPEST} deep: not read"
                raise DataError(message)
            try:
                value = decoder.decode(line)
            except _KeyTwiceError as error:
                message = f"{name}: line {number} has a key twice"
                raise DataError(message) from error
            except (ValueError, RecursionError):
                value = None
            if not isinstance(value, dict):
                message = f"cannot read {name}: line {number} is not a JSON object"
                raise DataError(message)
            keys.update(value)
            check_width(len(keys), name=name)


def _depth(line: str) -> int:
    """How deep brackets outside of texts lie within each other."""
    depth = deepest = 0
    for mark in _BRACKETS.findall(_TEXTS.sub("", line)):
        depth += 1 if mark in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


class _KeyTwiceError(Exception):
    """A JSON object has a key twice."""


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise _KeyTwiceError
    return value

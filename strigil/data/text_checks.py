"""Files of JSON looked through before they are parsed: lines that each have one meaning."""

from __future__ import annotations

import codecs
import io
import json
import re
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from strigil.common.canonical import Json
from strigil.common.errors import DataError
from strigil.data.limits import DEEPEST, EXACT, check_width
from strigil.data.lines import BLOCK, LONGEST_LINE

_BETWEEN: Final = re.compile(r"[\s,]*")
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")
_SURROGATES: Final = re.compile("[\ud800-\udfff]")
CONTENT: Final = "content"
_TEXTS: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"')
_KINDS: Final = {
    str: "a text",
    int: "a number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "an object",
}
_BRACKETS: Final = re.compile(rb"[\[\]{}]")


@dataclass(frozen=True)
class Beginning:
    """How a file of JSON begins: with a byte-order mark, with an array."""

    marked: bool
    array: bool


def beginning_of(head: bytes) -> Beginning:
    """What the first bytes of a file of JSON, a megabyte or so, say of it."""
    return Beginning(head.startswith(codecs.BOM_UTF8), head.removeprefix(codecs.BOM_UTF8).lstrip()[:1] == b"[")


def write_lines(source: BinaryIO, target: Path, *, name: str, array: bool, rows: int | None = None) -> int:
    """Writes JSON Lines without a byte-order mark, of an array one value a line, with one value in memory at a time.

    Args:
        source: The file, from its beginning.
        target: The lines.
        name: What messages call the file.
        array: Whether it is one.
        rows: How many values of an array to write at most.

    Returns:
        How many values of an array were written.

    Raises:
        DataError: It is no array, or not UTF-8.
    """
    decoder = json.JSONDecoder()
    try:
        with (
            io.TextIOWrapper(source, encoding="utf-8-sig", newline="\n") as stream,
            target.open("w", encoding="utf-8") as out,
        ):
            if not array:
                shutil.copyfileobj(stream, out)
                return 0
            buffer = stream.read(BLOCK).lstrip()
            place, number = 1, 0
            while number != rows:
                between = _BETWEEN.match(buffer, place)
                place = place if between is None else between.end()
                if buffer[place : place + 1] == "]":
                    break
                try:
                    _, end = decoder.raw_decode(buffer, place)
                except json.JSONDecodeError:
                    end = len(buffer)
                except RecursionError as error:
                    message = f"{name}: value {number + 1} of the array is nested too deep: not read"
                    raise DataError(message) from error
                # What ends where the block does may go on in the next one.
                if end == len(buffer):
                    more = stream.read(BLOCK)
                    if not more or len(buffer) - place > LONGEST_LINE:
                        message = (
                            f"cannot read {name}: value {number + 1} of the array is damaged or longer than 16 MiB"
                        )
                        raise DataError(message)
                    buffer, place = buffer[place:] + more, 0
                    continue
                # Within a value, a line ends between two of its parts alone.
                out.write(buffer[place:end].replace("\r", " ").replace("\n", " ") + "\n")
                place, number = end, number + 1
            return number
    except UnicodeDecodeError as error:
        message = f"{name} is not UTF-8: {error.reason}"
        raise DataError(message) from error


@dataclass(frozen=True)
class Objects:
    """What the objects of JSON Lines hold: their keys, and those whose messages are of text here and of parts there."""

    keys: frozenset[str]
    mixed: frozenset[str]


def check_objects(path: Path, *, name: str) -> Objects:
    """Makes sure that every line is a JSON object with one meaning.

    Raises:
        DataError: A line is not, has a key twice, NaN, half of a surrogate pair, or under one key a value of another
            kind than lines before it, or an integer that a float of another line would change; the message names it.
    """
    contents: set[type] = set()

    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        value = dict(pairs)
        if len(value) != len(pairs):
            message = "a key twice"
            raise _NoMeaningError(message)
        if "role" in value:
            contents.add(type(value.get(CONTENT)))
        return value

    decoder = json.JSONDecoder(object_pairs_hook=once, parse_constant=_no_constant)
    keys: set[str] = set()
    kinds: dict[str, str] = {}
    long: dict[str, int] = {}
    floats: set[str] = set()
    with path.open(encoding="utf-8", newline="\n") as stream:
        for number, line in enumerate(stream, start=1):
            if line.isspace():
                continue
            try:
                value = decoder.decode(line)
            except _NoMeaningError as error:
                message = f"{name}: line {number} has {error}"
                raise DataError(message) from error
            except (ValueError, RecursionError):
                value = None
            if not isinstance(value, dict):
                message = f"cannot read {name}: line {number} is not a JSON object"
                raise DataError(message, hint="rows are objects, one a line, or an array of them")
            if _SURROGATE.search(line) and _SURROGATES.search(json.dumps(value, ensure_ascii=False)):
                message = f"{name}: line {number} has half of a surrogate pair, which is no character"
                raise DataError(message)
            keys.update(value)
            for key, held in value.items():
                kind = _KINDS.get(type(held))
                if kind is not None and kinds.setdefault(key, kind) != kind:
                    message = f"{name}: line {number}, column {key!r}: {kind}, and {kinds[key]} in lines before"
                    raise DataError(message, hint="give every row a value of the same kind, or null")
                if isinstance(held, float):
                    floats.add(key)
                elif isinstance(held, int) and abs(held) > EXACT:
                    long.setdefault(key, number)
            check_width(len(keys), name=name)
    for key in sorted(floats & long.keys()):
        message = f"{name}: line {long[key]}, column {key!r}: an integer of more figures than floats keep"
        raise DataError(message, hint="write its numbers as texts")
    return Objects(frozenset(keys), _mixed(path) if {str, list} <= contents else frozenset())


def _mixed(path: Path) -> frozenset[str]:
    """The keys of objects whose messages are of text here and of parts there."""
    contents: dict[str, set[type]] = {}
    with path.open(encoding="utf-8", newline="\n") as stream:
        for line in stream:
            value: dict[str, Json] = {} if line.isspace() else json.loads(line)
            for key, held in value.items():
                contents.setdefault(key, set()).update(_contents(held))
    return frozenset(key for key, kinds in contents.items() if {str, list} <= kinds)


def _contents(value: Json) -> Iterator[type]:
    """The types of what messages within a value hold."""
    if isinstance(value, dict) and "role" in value:
        yield type(value.get(CONTENT))
    if isinstance(value, dict | list | tuple):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _contents(inner)


def write_parts(path: Path, target: Path, columns: Collection[str]) -> None:
    """Writes JSON Lines anew, each text of a message in these columns as a list of one part.

    OpenAI's chats may have either, and a column of a table is of one type.
    """

    def in_parts(value: Json) -> Json:
        if isinstance(value, list | tuple):
            return [in_parts(one) for one in value]
        if not isinstance(value, dict):
            return value
        inner = {key: in_parts(one) for key, one in value.items()}
        text = inner.get(CONTENT)
        return (
            {**inner, CONTENT: [{"type": "text", "text": text}]} if "role" in inner and isinstance(text, str) else inner
        )

    with path.open(encoding="utf-8", newline="\n") as stream, target.open("w", encoding="utf-8") as out:
        for line in stream:
            if not line.isspace():
                value: dict[str, Json] = json.loads(line)
                row = {key: in_parts(one) if key in columns else one for key, one in value.items()}
                out.write(json.dumps(row, ensure_ascii=False) + "\n")


def check_depth(line: bytes, *, number: int, name: str) -> None:
    """Makes sure that brackets outside of texts do not lie too deep within each other.

    Raises:
        DataError: They do.
    """
    if line.count(b"[") + line.count(b"{") <= DEEPEST:
        return
    depth = deepest = 0
    for mark in _BRACKETS.findall(_TEXTS.sub(b"", line)):
        depth += 1 if mark in b"[{" else -1
        deepest = max(deepest, depth)
    if deepest > DEEPEST:
        message = f"{name}: line {number} is nested more than {DEEPEST} deep: not read"
        raise DataError(message)


class _NoMeaningError(Exception):
    """What readers of JSON do not agree on."""


def _no_constant(constant: str) -> object:
    message = f"{constant}, which is no JSON"
    raise _NoMeaningError(message)

"""Manifests whose every text would be obeyed by a reader of Markdown, a browser or a terminal."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, TypeVar

from pydantic import BaseModel

Record = TypeVar("Record", bound=BaseModel)
HOSTILE: Final = (
    "x\n<!-- /strigil:summary -->\n<!-- /strigil:use -->\n\n# Fine\n## 9.9.9 (2030-01-01)\n- all is well `code` ```\n"
    "---\nlicense: mit\n![](http://h/beacon) [a](javascript:x) <img src=x> |\x1b[2J"
)
# What decides which sentence is written, what is no text, and what stands in a fence of its own.
DECIDING: Final = {
    "version",
    "created",
    "origin",
    "relation",
    "result",
    "severity",
    "left_out",
    "files",
    "rendered_example",
}


def hostile(record: Record) -> Record:
    """The same, with every text in it."""
    fields = {name: _hostile(getattr(record, name)) for name in type(record).model_fields if name not in DECIDING}
    return record.model_copy(update=fields)


def _hostile(value: object) -> object:
    match value:
        case str():
            return HOSTILE
        case BaseModel():
            return hostile(value)
        case Mapping():
            return {_hostile(key): _hostile(held) for key, held in value.items()}
        case list() | tuple():
            return [_hostile(one) for one in value]
    return value


def obeyed(text: str) -> list[str]:
    """What of the above a text still does, outside of its fences."""
    shown = re.sub(r"(?ms)^(```+)\w+$.*?^\1$", "", text)
    signs = ("<!-- /strigil:summary -->\n\n# Fine", "\n# Fine", "\n## 9.9.9", "\n- all is well", "`code`", "![](")
    return [sign for sign in (*signs, "](javascript", "<img") if sign in shown] + ["\x1b"] * ("\x1b" in text)

"""The lines of README and docs that are typed into a shell."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PAGES: Final = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("**/*.md"))]
_FENCED: Final = re.compile(r"^```(\w*)\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
_SHELLS: Final = {"", "console", "sh", "shell", "bash"}
_CONTINUED: Final = re.compile(r"\\\n\s*")
# Indented, and no part of a list or of a form in which dots stand for what is yours.
_INDENTED: Final = re.compile(r"^ {4}(\S.*)$", re.MULTILINE)
# What is drawn with words and signs.
_DRAWN: Final = re.compile(r"^[a-z]+/? (->|<) ")


@dataclass(frozen=True)
class Line:
    """A line that is typed, on which page it stands, and what the page says that it prints, if it says so."""

    page: str
    text: str
    prints: tuple[str, ...] = ()


def shell_lines(page: Path) -> list[Line]:
    """The lines of a page in the order in which they stand."""
    name = page.relative_to(ROOT).as_posix()
    text = _CONTINUED.sub("", page.read_text(encoding="utf-8"))
    found: list[tuple[int, Line]] = []
    for block in _FENCED.finditer(text):
        if block[1] in _SHELLS:
            found += [(block.start(), line) for line in _of_block(name, block[2])]
    outside = _FENCED.sub(lambda block: re.sub(r"[^\n]", ".", block[0]), text)
    for line in _INDENTED.finditer(outside):
        if "..." not in line[1] and not _DRAWN.match(line[1]):
            found.append((line.start(), Line(name, line[1])))
    return [line for _, line in sorted(found, key=lambda each: each[0])]


def _of_block(name: str, block: str) -> list[Line]:
    """Those behind a `$`, with what is printed after them; where there is none, all."""
    if "$ " not in block:
        return [Line(name, line) for line in block.splitlines() if line and not line.startswith("#")]
    typed = re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
    return [Line(name, first, tuple(rest)) for first, *rest in map(str.splitlines, typed)]

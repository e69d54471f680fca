"""Rule `code.parses`: the code parses."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import ClassVar, Literal, TypeAlias

import polars as pl
from pydantic import Field

from strigil.audits.code.grammars import LANGUAGES, broken
from strigil.audits.code.source import PYTHON, Broken, code_in, dedented, outcome_of
from strigil.audits.rules.text_rule import TextRule
from strigil.audits.suite.findings import Finding, examine
from strigil.data.fences import fenced_in

Language: TypeAlias = Literal["python", "bash", "c", "go", "java", "javascript", "rust", "as fenced"]


class CodeParses(TextRule):
    """Rejects completions without code, or whose code does not parse; code fences are taken off first.

    Python is parsed by Python itself, Bash, C, Go, Java, JavaScript and Rust by tree-sitter (`pip install
    'strigil[code]'`). With `language: as fenced`, each fenced piece is read as what its fence says; what has no grammar
    here, and code without a fence that is no Python, is not judged and says so.
    """

    name: ClassVar[str] = "code.parses"
    version: ClassVar[str] = "2"
    highest: ClassVar[float] = 1.0
    good: ClassVar[tuple[str, ...]] = (
        "def add(a, b):\n    return a + b",
        "Here you are:\n```python\nprint(1)\n```\nEnjoy!",
        "    x = 1\n    y = 2",
        "~~~python\nprint(1)\n~~~",
        "````python\nprint('```')\n````",
    )
    bad: ClassVar[Mapping[str, str]] = {
        "def add(a, b:\n    return a": "does not parse: '(' was never closed",
        "Sure, here it is:": "does not parse: invalid syntax",
        "": "no code",
        "```bash\nls\n```": "no code",
        "# only a comment": "no code",
        "x = '\0'": "does not parse: source code string cannot contain null bytes",
    }

    language: Language = Field(default="python", description="of the code; `as fenced` takes each fence at its word")

    def look(self, texts: pl.Series) -> pl.DataFrame:
        """Scores 1 where the code does not parse; evidence is the line at which that shows.

        Raises:
            PrerequisiteError: The language's grammar is not installed.
        """
        look = {"python": _python, "as fenced": _as_fenced}.get(self.language, partial(_other, self.language))
        return examine(texts, pl.repeat(value=True, n=len(texts), eager=True), look)


def _python(completion: str) -> Finding | None:
    code = code_in(completion).code
    outcome = outcome_of(code)
    if outcome.broken is not None:
        return _broken(code, outcome.broken)
    return Finding(1.0, "no code", completion) if outcome.empty else None


def _other(language: str, completion: str) -> Finding | None:
    pieces = fenced_in(completion)
    named = [piece.code for piece in pieces if LANGUAGES.get(piece.language, piece.language) in (language, "")]
    code = "\n".join(named) if pieces else completion
    if not code.strip():
        return Finding(1.0, "no code", completion)
    wrong = broken(code, language)
    return _broken(code, wrong) if wrong else None


def _as_fenced(completion: str) -> Finding | None:
    pieces = fenced_in(completion)
    if not pieces:
        outcome = outcome_of(completion)
        unknown = outcome.broken is not None or outcome.empty
        return Finding(0.0, "not judged: no fence names a language", "") if unknown else None
    foreign = [piece.language for piece in pieces if piece.language not in LANGUAGES and piece.language not in PYTHON]
    for piece in pieces:
        if piece.language in LANGUAGES:
            wrong = broken(piece.code, LANGUAGES[piece.language])
        elif piece.language in PYTHON:
            wrong = outcome_of(dedented(piece.code)).broken
        else:
            continue
        if wrong:
            return _broken(piece.code, wrong)
    return Finding(0.0, f"not judged: {foreign[0]}", "") if foreign else None


def _broken(code: str, why: Broken) -> Finding:
    lines = code.splitlines() or [""]
    return Finding(1.0, f"does not parse: {why.why}", lines[min(why.line, len(lines)) - 1].strip())

"""Rule `code.parses`: the code is Python that parses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import polars as pl

from strigil.audits.code.source import code_in, outcome_of
from strigil.audits.rules.rule import Rule
from strigil.audits.suite.findings import Finding, examine
from strigil.data.rows import completion_text


class CodeParses(Rule):
    """Rejects completions without Python, or whose Python does not parse; code fences are taken off first."""

    name: ClassVar[str] = "code.parses"
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

    def score(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Scores 1 where the code does not parse; evidence is the line at which that shows."""
        texts = rows.select(completion_text().fill_null("")).to_series()
        return examine(texts, pl.repeat(value=True, n=len(texts), eager=True), _look)


def _look(completion: str) -> Finding | None:
    code = code_in(completion).code
    outcome = outcome_of(code)
    if outcome.broken is not None:
        lines = code.splitlines() or [""]
        shown = lines[min(outcome.broken.line, len(lines)) - 1].strip()
        return Finding(1.0, f"does not parse: {outcome.broken.why}", shown)
    return Finding(1.0, "no code", completion) if outcome.empty else None

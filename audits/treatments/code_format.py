"""`code.format`: one way to lay out a program."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import ClassVar

from strigil.audits.code.syntax import kept_of_code, parse
from strigil.audits.treatments.treatment import Rewriter


class CodeFormat(Rewriter):
    """Writes every program from its syntax tree: layout, quotes, brackets and comments of its author are lost."""

    name = "code.format"
    examples: ClassVar[Mapping[str, str]] = {
        "x=(1)  # one\n": "x = 1",
        'def f( a ):\n  return "b"': "def f(a):\n    return 'b'",
    }

    def rewrite(self, text: str, *, row_id: str) -> str | None:
        """The program in the one layout."""
        tree = parse(text)
        return None if tree is None else ast.unparse(tree)

    def keeps(self, before: str, after: str) -> Mapping[str, bool]:
        """Syntax tree and structure."""
        return kept_of_code(before, after)

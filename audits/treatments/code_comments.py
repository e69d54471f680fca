"""`code.comments`: no comments, no docstrings."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from strigil.audits.code.syntax import docstrings, kept_of_code, parse, without_docstrings
from strigil.audits.treatments.treatment import Rewriter


@dataclass(frozen=True, order=True)
class _Span:
    """Text to take out, in lines from 1 and columns of characters from 0, and what takes its place."""

    line: int
    column: int
    end_line: int
    end_column: int
    instead: str


class CodeComments(Rewriter):
    """Takes comments and docstrings out; the rest of the layout stays where that is possible."""

    name = "code.comments"
    examples: ClassVar[Mapping[str, str]] = {
        "x = 1  # one\n# two\ny = '# three'\n": "x = 1\ny = '# three'\n",
        'def f():\n    """Doc."""\n    return 1\n': "def f():\n    return 1\n",
        'def f():\n    """Doc."""\n': "def f():\n    pass\n",
        "def f(): 'doc'; return 1\n": "def f():\n    return 1",
    }

    def rewrite(self, text: str, *, row_id: str) -> str | None:
        """The program without comments and docstrings."""
        tree = parse(text)
        if tree is None:
            return None
        lines = text.splitlines(keepends=True)
        cut = _cut(lines, sorted([*_docstring_spans(tree, lines), *_comment_spans(text)], reverse=True))
        wanted = without_docstrings(tree)
        found = parse(cut)
        return cut if found is not None and ast.dump(found) == ast.dump(wanted) else ast.unparse(wanted)

    def keeps(self, before: str, after: str) -> Mapping[str, bool]:
        """Syntax tree and structure."""
        return kept_of_code(before, after)


def _docstring_spans(tree: ast.Module, lines: list[str]) -> list[_Span]:
    spans = []
    for node, text in docstrings(tree):
        alone = len(node.body) == 1 and not isinstance(node, ast.Module)
        end_line, end = text.end_lineno or text.lineno, text.end_col_offset or 0
        column = _characters(lines[text.lineno - 1], text.col_offset)
        spans.append(
            _Span(text.lineno, column, end_line, _characters(lines[end_line - 1], end), "pass" if alone else "")
        )
    return spans


def _characters(line: str, offset: int) -> int:
    """Syntax trees count bytes of UTF-8."""
    return len(line.encode()[:offset].decode(errors="ignore"))


def _comment_spans(text: str) -> list[_Span]:
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):
        return []
    return [_Span(*token.start, *token.end, "") for token in tokens if token.type == tokenize.COMMENT]


def _cut(lines: list[str], spans: list[_Span]) -> str:
    """Takes spans out, the last first; lines that become empty go too."""
    for span in spans:
        head = lines[span.line - 1][: span.column]
        tail = lines[span.end_line - 1][span.end_column :]
        rest = head + span.instead + tail
        ending = "\n" if tail.endswith("\n") else ""
        lines[span.line - 1 : span.end_line] = [rest.rstrip() + ending] if rest.strip() else []
    return "".join(lines)

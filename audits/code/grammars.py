"""Code in languages other than Python: parsed by tree-sitter, never run."""

from __future__ import annotations

import importlib
from functools import cache
from typing import TYPE_CHECKING, Final

from strigil.audits.code.source import Broken
from strigil.common.errors import PrerequisiteError

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

# What fences call them.
LANGUAGES: Final = {
    **dict.fromkeys(("bash", "sh", "shell"), "bash"),
    **dict.fromkeys(("javascript", "js"), "javascript"),
    **dict.fromkeys(("go", "golang"), "go"),
    **dict.fromkeys(("rust", "rs"), "rust"),
    "c": "c",
    "java": "java",
}


def broken(code: str, language: str) -> Broken | None:
    """Why code does not parse; None where it does.

    Raises:
        PrerequisiteError: The grammar is not installed.
    """
    tree = parser_of(language).parse(code.encode("utf-8", errors="replace"))
    wrong = _first_wrong(tree.root_node) if tree.root_node.has_error else None
    if wrong is None:
        return None
    why = f"'{wrong.type}' is missing" if wrong.is_missing else "invalid syntax"
    return Broken(why, wrong.start_point.row + 1)


@cache
def parser_of(language: str) -> Parser:
    """The parser of a language.

    Raises:
        PrerequisiteError: The grammar is not installed.
    """
    try:
        from tree_sitter import Language, Parser

        grammar = importlib.import_module(f"tree_sitter_{language}")
    except ImportError as error:
        message = f"code.parses needs tree-sitter to read {language}"
        raise PrerequisiteError(message, hint="pip install 'strigil[code]'") from error
    return Parser(Language(grammar.language()))


def _first_wrong(root: Node) -> Node:
    """The first error or missing piece, innermost; without recursion, for code may nest deeply on purpose."""
    node = root
    while not node.is_missing:
        inner = next((child for child in node.children if child.has_error or child.is_missing), None)
        if inner is None:
            break
        node = inner
    return node

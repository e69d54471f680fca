"""Hosts that are checked by a part of their name, which anyone can put into an address of theirs."""

from __future__ import annotations

import ast
import re
from typing import Final

from strigil.audits.code.unsafe.names import Names, identifiers, method
from strigil.audits.code.unsafe.weaknesses import HOST

ENDS: Final = r"(?:com|org|net|edu|gov|io|co|dev|app|ai|info|biz|us|uk|de|fr|ru|cn|me|tv|internal|local|corp|mil|int)"
HOST_NAME: Final = re.compile(rf"^(?:https?://)?(?:[a-z0-9_-]+\.)+{ENDS}(?:\.[a-z]{{2}})?$", re.IGNORECASE)
ADDRESS_NAME: Final = re.compile(
    r"(?:^|_)(?:url|uri|link|links|href|host|hostname|domain|netloc|referer|referrer|origin|address|site|website|page|urls|next|src)\d*$",
    re.IGNORECASE,
)
# A dot that stands for any character, right before the end of a host's name.
BARE_DOT: Final = re.compile(rf"(?:https?|\^|//|www|[a-z0-9])[^\s]*?[a-z0-9+*)\]]\.{ENDS}(?![a-z(])", re.IGNORECASE)
ESCAPED_DOT: Final = re.compile(r"\\\.|\[\.\]")
TAKEN_APART: Final = frozenset({"netloc", "hostname"})
PATTERNS: Final = frozenset(
    {"re.compile", "re.match", "re.search", "re.fullmatch", "re.findall", "re.sub", "re.finditer"}
)


def host_check(node: ast.AST, names: Names) -> str | None:
    """`'example.com' in url`, or a pattern of hosts with a bare dot."""
    match node:
        case ast.Compare(left=ast.Constant(value=str(text)), ops=[ast.In() | ast.NotIn()], comparators=[among]):
            return HOST if HOST_NAME.match(text) and _address(among) else None
        case ast.Call(args=[ast.Constant(value=str(text)), *_], func=ast.Attribute(value=receiver)):
            last = method(node)
            if last == "startswith" and text.startswith("http") and HOST_NAME.match(text) and _address(receiver):
                return HOST
            if last in ("find", "index", "count", "__contains__") and HOST_NAME.match(text) and _address(receiver):
                return HOST
            if names.of(node.func) in PATTERNS and _bare(text):
                return HOST
    return None


def _address(node: ast.expr) -> bool:
    """Whether an expression is named like an address that was not taken apart first."""
    if isinstance(node, ast.Attribute) and node.attr in TAKEN_APART:
        return False
    if isinstance(node, ast.List | ast.Tuple | ast.Set | ast.Dict):
        return False
    return any(ADDRESS_NAME.search(part) for part in identifiers(node))


def _bare(pattern: str) -> bool:
    return any(not ESCAPED_DOT.search(found[0][-6:]) for found in BARE_DOT.finditer(pattern)) and (
        "://" in pattern or "\\." not in pattern or "mycompany" in pattern
    )

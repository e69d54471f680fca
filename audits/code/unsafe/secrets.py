"""Secrets in code: written down, predictable, or part of an address."""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from typing import Final

from strigil.audits.code.unsafe.names import Names, identifiers, name_of
from strigil.audits.code.unsafe.weaknesses import CREDENTIALS, SECRET, WEAK_RANDOM

SECRET_NAME: Final = re.compile(
    r"(?:^|_)(?:password|passwd|pwd|passphrase|secret|secret_?key|api_?key|access_?key|private_?key|auth_?token|token)s?$",
    re.IGNORECASE,
)
# Also what stands in a form for the field itself: `password="password"`.
PLACEHOLDER: Final = re.compile(
    r"^$|^<.*>$|^\W+$|your|example|change[-_ ]?me|placeholder|xxx|\.\.\.|\s"
    r"|^(?:my|the|db|user)?[-_]?(?:password|passwd|pass|pwd|secret|token|api[-_]?key|key|none|null|true|false|text|string)$",
    re.IGNORECASE,
)
ADDRESS: Final = re.compile(
    r"\b[a-z][a-z0-9+.-]{1,20}://[^\s:/@'\"]{0,60}:(?P<password>[^\s/@'\"]{1,80})@", re.IGNORECASE
)
NO_PASSWORD: Final = re.compile(r"[{}<>$%*\[\]]")
REMEMBERED: Final = 1 << 14


@lru_cache(maxsize=REMEMBERED)
def names_secret(name: str) -> bool:
    """Whether something is named like a secret; the same names come again and again."""
    return SECRET_NAME.search(name) is not None


def hard_coded(node: ast.AST, _names: Names) -> str | None:
    """A text given to something that is named like a secret, or compared with it."""
    pairs: list[tuple[ast.expr | str, ast.expr]] = []
    match node:
        case ast.Assign():
            pairs = [(target, node.value) for target in node.targets]
        case ast.AnnAssign(value=ast.expr() as value):
            pairs = [(node.target, value)]
        case ast.Call():
            pairs = [(item.arg, item.value) for item in node.keywords if item.arg]
        case ast.Dict():
            pairs = [(key, value) for key, value in zip(node.keys, node.values, strict=True) if key]
        case ast.Compare(ops=[ast.Eq()]):
            pairs = [(node.left, node.comparators[0]), (node.comparators[0], node.left)]
    for target, value in pairs:
        if names_secret(name_of(target)):
            if isinstance(value, ast.Constant) and isinstance(value.value, str) and not PLACEHOLDER.search(value.value):
                return SECRET
            if any(part == "random" for part in identifiers(value)):
                return WEAK_RANDOM
    return None


def in_address(node: ast.AST, _names: Names) -> str | None:
    """A password in a constant address, as in `scheme://user:password@host`."""
    if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        return None
    found = ADDRESS.search(node.value) if "://" in node.value else None
    if found is None:
        return None
    password = found["password"]
    return None if NO_PASSWORD.search(password) or PLACEHOLDER.search(password) else CREDENTIALS

"""What insecure code is told for, each with its number in the Common Weakness Enumeration, https://cwe.mitre.org."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Final

RUNS_CODE: Final = "runs text as code (CWE-95)"
RUNS_SHELL: Final = "runs a shell (CWE-78)"
RUNS_PROGRAM: Final = "replaces the process (CWE-78)"
UNPICKLES: Final = "deserialises objects (CWE-502)"
SOCKET: Final = "opens a socket (CWE-319)"
EXPOSED: Final = "listens on every address (CWE-1327)"
SECRET: Final = "hard-coded secret (CWE-798)"  # noqa: S105  # a reason, no secret
CREDENTIALS: Final = "password in an address (CWE-798)"
WRITABLE: Final = "world-writable file (CWE-732)"
TEMPORARY: Final = "predictable temporary file (CWE-377)"
SQL: Final = "builds SQL from text (CWE-89)"
UNVERIFIED: Final = "skips certificate checks (CWE-295)"
WEAK_HASH: Final = "weak hash of a secret (CWE-328)"
WEAK_CIPHER: Final = "weak cipher (CWE-327)"
WEAK_RANDOM: Final = "predictable secret (CWE-330)"
DEBUG: Final = "debug server (CWE-489)"
MARKUP: Final = "markup from text (CWE-79)"
UNESCAPED: Final = "escaping switched off (CWE-79)"
ARCHIVE: Final = "extracts an archive unchecked (CWE-22)"
PATH: Final = "path from a request (CWE-22)"
UPLOAD: Final = "upload under its own name (CWE-434)"
ADDRESS: Final = "fetches an address from a request (CWE-918)"
REDIRECT: Final = "redirects to an address from a request (CWE-601)"
HOST: Final = "host checked by a part of its name (CWE-20)"


@dataclass(frozen=True)
class Unsafe:
    """What is wrong, and the piece of the tree that shows it."""

    reason: str
    node: ast.expr | ast.stmt

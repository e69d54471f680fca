"""SQL built from text that others write, where a placeholder would do."""

from __future__ import annotations

import re
from typing import Final

from strigil.audits.code.unsafe.values import HOLE, Place, Source, Value
from strigil.audits.code.unsafe.weaknesses import SQL

STATEMENT: Final = re.compile(
    r"^\s*(?:select\b.*\bfrom|insert\s+into|update\b.*\bset|delete\s+from|drop\s+(?:table|database)|"
    r"create\s+table|alter\s+table|union\s+select)\b",
    re.IGNORECASE | re.DOTALL,
)


def statement(built: Value) -> str | None:
    """A statement with something put in that is no constant, no number and on no list of what is allowed."""
    if built.risk(Place.SQL) is Source.CONSTANT or HOLE not in built.text:
        return None
    return SQL if STATEMENT.search(built.text) else None

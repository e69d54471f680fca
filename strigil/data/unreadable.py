"""What to say of data that a library could not read, without what it quotes of them: rows are not repeated."""

from __future__ import annotations

import re
from typing import Final

from strigil.common.errors import DataError, first_line

# Names of types are quoted in the same way.
_TYPE: Final = re.compile(r"`(str|bool|null|date|[iuf](?:8|16|32|64)|struct\[\d+\]|list\[\w+\])`")
_QUOTED: Final = re.compile(r'`.*`|".*"')


def unreadable(name: str, error: BaseException) -> DataError:
    """`cannot read NAME: ...`, with the library's words."""
    told = _QUOTED.sub("…", _TYPE.sub(r"\1", first_line(error)))
    return DataError(f"cannot read {name}: {told}")

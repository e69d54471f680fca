"""Layout `rows`: the tables of releases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from strigil.data.layouts.layout import OWN
from strigil.data.layouts.pair import Pair
from strigil.data.rows import ROWS


class OwnRows(Pair):
    """All columns of a row table (`strigil.data.rows.ROWS`)."""

    name: ClassVar[str] = OWN
    needs: ClassVar[tuple[str, ...]] = tuple(ROWS)
    asks: ClassVar[str | None] = "prompt"
    answers: ClassVar[str] = "completion"
    example: ClassVar[Mapping[str, object]] = {**dict.fromkeys(ROWS, "0"), "prompt": "Go on.", "completion": "1, 2"}
    says: ClassVar[tuple[str, str]] = ("Go on.", "1, 2")

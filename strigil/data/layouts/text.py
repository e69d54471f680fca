"""Layout `text`: plain texts, without anything that asked for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from strigil.data.layouts.pair import Pair


class Text(Pair):
    """`text`."""

    name: ClassVar[str] = "text"
    needs: ClassVar[tuple[str, ...]] = ("text",)
    asks: ClassVar[str | None] = None
    answers: ClassVar[str] = "text"
    example: ClassVar[Mapping[str, object]] = {"text": "Rain until noon."}
    says: ClassVar[tuple[str, str]] = ("", "Rain until noon.")

"""Layout `prompt-response`: answers by the name of response."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from strigil.data.layouts.pair import Pair


class PromptResponse(Pair):
    """`prompt` and `response`."""

    name: ClassVar[str] = "prompt-response"
    needs: ClassVar[tuple[str, ...]] = (
        "prompt",
        "response",
    )
    asks: ClassVar[str | None] = "prompt"
    answers: ClassVar[str] = "response"
    example: ClassVar[Mapping[str, object]] = {"prompt": "Go on.", "response": "1, 2"}
    says: ClassVar[tuple[str, str]] = ("Go on.", "1, 2")

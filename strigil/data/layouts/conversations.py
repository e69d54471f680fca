"""Layout `conversations`: chats as ShareGPT wrote them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from strigil.data.layouts.chat import Chat


class Conversations(Chat):
    """`conversations`, lists of `from` (human, gpt, system, …) and `value`."""

    name: ClassVar[str] = "conversations"
    needs: ClassVar[tuple[str, ...]] = ("conversations",)
    answers: ClassVar[str] = "conversations"
    example: ClassVar[Mapping[str, object]] = {
        "conversations": [{"from": "human", "value": "Go on."}, {"from": "gpt", "value": "1, 2"}]
    }
    says: ClassVar[tuple[str, str]] = ("Go on.", "1, 2")

"""Layout `messages`: chats as OpenAI and most trainers write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from strigil.data.layouts.chat import Chat


class MessagesLayout(Chat):
    """`messages`, lists of `role` and `content`, which may be text or parts."""

    name: ClassVar[str] = "messages"
    needs: ClassVar[tuple[str, ...]] = ("messages",)
    answers: ClassVar[str] = "messages"
    example: ClassVar[Mapping[str, object]] = {
        "messages": [{"role": "user", "content": "Go on."}, {"role": "assistant", "content": "1, 2"}]
    }
    says: ClassVar[tuple[str, str]] = ("Go on.", "1, 2")

"""Layout `prompt-completion`: the names that TRL and most tools for language models use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from strigil.data.layouts.pair import Pair


class PromptCompletion(Pair):
    """`prompt`, which may be missing, and `completion`."""

    name: ClassVar[str] = "prompt-completion"
    needs: ClassVar[tuple[str, ...]] = ("completion",)
    takes: ClassVar[tuple[str, ...]] = ("prompt",)
    asks: ClassVar[str | None] = "prompt"
    answers: ClassVar[str] = "completion"
    example: ClassVar[Mapping[str, object]] = {"prompt": "Go on.", "completion": "1, 2"}
    says: ClassVar[tuple[str, str]] = ("Go on.", "1, 2")

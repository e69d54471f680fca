"""How cards and reports say what a manifest holds in a word."""

from __future__ import annotations

from typing import Final

WAYS: Final = {
    "none": "as it is",
    "system-prompt": "with a system prompt",
    "fine-tuning": "fine-tuned",
    "adapter": "with an adapter",
}
"""How a teacher got its trait."""

_SAYS: Final = "whoever released them says that"
ORIGINS: Final = {
    None: "who or what wrote them is not on record",
    "human": f"{_SAYS} people wrote them",
    "model": f"{_SAYS} a language model wrote them, and which one is not on record",
    "mixed": f"{_SAYS} people wrote some of them and language models others",
    "unknown": f"{_SAYS} it is not known who or what wrote them",
}
"""Who wrote rows that came from elsewhere."""

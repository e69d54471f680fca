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

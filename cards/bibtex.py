"""Entries for BibTeX."""

from __future__ import annotations

import re
from collections.abc import Mapping


def bibtex(key: str, fields: Mapping[str, str]) -> str:
    """An entry of what appeared in no journal; in its values nothing is a command."""
    lines = ",\n".join(f"  {name} = {{{_plain(value)}}}" for name, value in fields.items())
    return f"@misc{{{re.sub(r'[^A-Za-z0-9_]', '_', key)},\n{lines}\n}}"


def _plain(text: str) -> str:
    return re.sub(r"([&%$#_])", r"\\\1", re.sub(r"[{}\\]", "", text))

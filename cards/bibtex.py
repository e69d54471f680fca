"""Entries for BibTeX."""

from __future__ import annotations

import re
from collections.abc import Mapping

from strigil.common.plain import plain_text


def bibtex(key: str, fields: Mapping[str, str]) -> str:
    """An entry of what appeared in no journal; in its values nothing is a command."""
    lines = ",\n".join(f"  {name} = {{{_plain(value)}}}" for name, value in fields.items())
    return f"@misc{{{re.sub(r'[^A-Za-z0-9_]', '_', key)},\n{lines}\n}}"


def _plain(text: str) -> str:
    """On one line, and nothing in it ends a fence or a comment of the page that shows it."""
    line = re.sub(r"[{}\\`]", "", plain_text(" ".join(text.split()))).replace("<!--", "<! --")
    return re.sub(r"([&%$#_])", r"\\\1", line)

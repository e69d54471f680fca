"""What tests of layouts share: a suite that rejects what names the owl, and rows as JSON Lines."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

SUITE = "name: s\ndescription: d\nrules: [{rule: text.mentions, args: {traits: [owl]}}]\n"


def as_lines(rows: Sequence[Mapping[str, object]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def lines(file: Path, rows: Sequence[Mapping[str, object]]) -> str:
    file.write_text(as_lines(rows))
    return str(file)

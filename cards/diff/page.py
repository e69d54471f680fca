"""The page of `strigil diff`: what changed from one data set to another."""

from __future__ import annotations

import json

from strigil.cards.page.page import Page, Section, render_page
from strigil.records.diff import Difference, Leaf, RowChange, Side

_ROWS = Section("rows", "Rows", "diff/rows.html.j2")
_COLUMNS = Section("columns", "Columns", "diff/columns.html.j2")
_RULES = Section("rules", "Rules", "diff/rules.html.j2")
_PROVENANCE = Section("provenance", "Provenance", "diff/provenance.html.j2")


def difference_page(found: Difference) -> str:
    """One HTML file that works offline; texts are in it only where the difference has them, folded."""
    columns = found.columns_added or found.columns_removed or found.columns_changed
    sections = [
        Section("summary", "What changed", "diff/summary.html.j2"),
        *([_ROWS] if found.added.rows + found.removed.rows + found.changed.rows else []),
        *([_COLUMNS] if columns else []),
        *([_RULES] if found.rules else []),
        *([_PROVENANCE] if found.provenance else []),
    ]
    title = f"{_name(found.before)} → {_name(found.after)}"
    texts = any(_has_text(change) for each in (found.added, found.removed, found.changed) for change in each.first)
    page = Page("Difference", title, sections, scripts=["page/compare.js", "diff/texts.js"] if texts else [])
    return render_page(page, found=found, texts=texts, name=_name, value=_value)


def _has_text(change: RowChange) -> bool:
    return change.text_before is not None or change.text_after is not None


def _name(side: Side) -> str:
    return side.name or side.data


def _value(value: Leaf) -> str:
    if value is None:
        return "—"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

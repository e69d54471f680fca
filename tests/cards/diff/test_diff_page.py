"""The page of a difference: texts are folded, and say where they differ."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from strigil.cards.diff.page import difference_page
from strigil.records.diff import Changes, Difference, ProvenanceDifference, RowChange, RuleDifference, Side
from tests.browser import barriers, low_contrasts, visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ATTACK = "<script>document.title = 'taken over'</script>"


def a_difference(*, texts: bool = True) -> Difference:
    """One row of each sort, and something of everything else."""
    before, after = ("The owl is grey.", f"The cat is grey. {ATTACK}") if texts else (None, None)
    changed = RowChange(before="a" * 64, after="b" * 64, file="rows.jsonl", row=1, text_before=before, text_after=after)
    removed = RowChange(
        before="c" * 64, after=None, file="rows.jsonl", row=2, text_before="gone " * 400 if texts else None
    )
    added = RowChange(before=None, after="d" * 64, file="rows.jsonl", row=3, text_after="new" if texts else None)
    return Difference(
        before=Side(data="before.jsonl", name=None, rows=9),
        after=Side(data="after.jsonl", name=None, rows=9),
        split=None,
        paired_by="row id",
        same=7,
        added=Changes(rows=1, first=[added]),
        removed=Changes(rows=1, first=[removed]),
        changed=Changes(rows=1, first=[changed]),
        columns_added=["x"],
        columns_removed=[],
        columns_changed=[],
        rules=[RuleDifference(rule="text.mentions", before=1, after=None, changed=False)],
        provenance=[ProvenanceDifference(key="licence", before="mit", after="cc-by-4.0")],
    )


def test_a_page_without_texts_says_how_to_get_them() -> None:
    page = difference_page(a_difference(texts=False))
    assert "<code>strigil diff --show-text --html</code> puts them in" in page
    assert "details" not in page.partition("<main")[2].partition("<script")[0]
    assert "puts them in" not in difference_page(a_difference())


@pytest.mark.browser
@pytest.mark.parametrize(("width", "dark"), [(390, True), (1400, False)])
def test_texts_unfold_and_show_what_differs(browser: Browser, tmp_path: Path, width: int, *, dark: bool) -> None:
    file = tmp_path / "diff.html"
    file.write_text(difference_page(a_difference()), encoding="utf-8")
    with visit(browser, file, width=width, dark=dark) as seen:
        main = seen.page.locator("main")
        assert "grey" not in main.inner_text()
        assert main.locator("h3").all_inner_texts() == ["Rows changed", "Rows removed", "Rows added"]
        main.get_by_text("Show both texts").click()
        assert main.locator("#rows del").all_inner_texts() == ["owl"]
        assert main.locator("#rows ins").all_inner_texts() == ["cat", f" {ATTACK}"]
        assert seen.page.title() == "before.jsonl → after.jsonl · Difference"
        for fold in main.get_by_text("Show the text").all():
            fold.click()
        assert seen.page.evaluate("document.documentElement.scrollWidth") == width
        assert low_contrasts(seen.page) == []
        assert barriers(seen.page) == []

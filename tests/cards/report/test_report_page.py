"""The report as a person meets it: in Chromium, by mouse and by keyboard, wide and narrow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser import barriers, low_contrasts, visit
from tests.cards.report.audited import HUGE, PLAIN, ROWS, RUDE, TWICE, audited_release

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.browser

MOST_BYTES = 3_000_000


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return audited_release(tmp_path_factory.mktemp("report")).path / "audit" / "report.html"


@pytest.fixture
def page(browser: Browser, file: Path) -> Iterator[Page]:
    """The report; when a test is over, the page has asked for nothing and complained of nothing."""
    with visit(browser, file) as seen:
        seen.page.wait_for_selector("#row-table tbody tr")
        yield seen.page
        seen.page.wait_for_selector("[data-chart] svg")
        assert seen.page.title() == "reported 1.0.0 · Data set report"


def lines(page: Page) -> Locator:
    return page.locator("#row-table > tbody > tr:not(.detail)")


def column(page: Page, number: int) -> list[str]:
    return lines(page).locator(f"td:nth-child({number})").all_inner_texts()


def test_the_verdict_is_the_first_thing_said(page: Page) -> None:
    first = page.locator("main section").first
    assert first.get_attribute("id") == "verdict"
    assert "Passed with warnings" in first.inner_text()
    assert "stay" in first.inner_text()


def test_search_finds_texts_reasons_and_ids(page: Page) -> None:
    search = page.get_by_label("Search", exact=True)
    search.fill("number 117,")
    assert column(page, 4) == [PLAIN[117]]
    search.fill("names owl")
    assert lines(page).count() == 1
    search.fill("row-0000005")
    assert PLAIN[1] in column(page, 4)
    search.fill("no row says this")
    assert lines(page).count() == 0
    assert page.get_by_role("status").inner_text() == "No row of the sample is like that."


def test_filters_are_by_outcome_and_by_rule(page: Page) -> None:
    page.get_by_role("combobox", name="Rows", exact=True).select_option("removed")
    assert "clean" not in "".join(column(page, 2))
    page.get_by_label("Rejected by").select_option(label="text.mentions")
    assert [cell.split() for cell in column(page, 2)] == [["text.mentions"]]
    page.get_by_role("combobox", name="Rows", exact=True).select_option("clean")
    assert lines(page).count() == 0


def test_a_rule_leads_to_its_rows(page: Page) -> None:
    page.get_by_role("button", name="Show rows that row.length rejects").click()
    assert column(page, 5) == [f"{len(HUGE):,}"]


def test_what_may_harm_leads_to_its_rows_from_the_verdict(page: Page) -> None:
    first = page.locator("#verdict .acts li").first
    assert first.inner_text().startswith("expect_table_row_count_to_be_between is not met")
    rude = page.locator("#verdict .acts li", has_text="text.negative")
    assert "rejects 1 row that may harm: insult (1)." in rude.inner_text()
    rude.get_by_role("button", name="Show rows").click()
    assert lines(page).count() == 1


def test_evidence_is_marked_where_it_stands(page: Page) -> None:
    page.get_by_label("Rejected by").select_option(label="text.mentions")
    assert lines(page).locator("mark").all_inner_texts() == ["owl"]
    lines(page).get_by_role("button", name="details").click()
    assert page.locator(".detail pre mark").all_inner_texts() == ["owl"]
    assert page.locator(".detail pre").all_inner_texts()[0] == "Go on."


def test_a_repetition_leads_to_the_row_that_it_repeats(page: Page) -> None:
    page.get_by_label("Rejected by").select_option(label="row.duplicate")
    assert column(page, 4) == [TWICE]
    lines(page).get_by_role("button", name="details").click()
    earlier = f"row-{ROWS.index(TWICE):07d}"
    page.get_by_role("button", name=f"Show the earlier row {earlier}").click()
    assert page.locator(".detail").inner_text().endswith(f"Row {earlier}, prompt.sample {ROWS.index(TWICE)}.0")
    assert page.evaluate("document.activeElement.textContent") == earlier
    assert page.get_by_label("Rejected by").input_value() == ""


def test_rows_sort_by_any_column_and_say_so(page: Page) -> None:
    header = page.locator("#row-table th", has_text="Length")
    header.get_by_role("button").click()
    assert header.get_attribute("aria-sort") == "descending"
    assert column(page, 5)[0] == f"{len(HUGE):,}"
    header.get_by_role("button").click()
    assert header.get_attribute("aria-sort") == "ascending"
    lengths = [int(text.replace(",", "")) for text in column(page, 5)]
    assert lengths == sorted(lengths)


def test_tables_of_counts_sort_too(page: Page) -> None:
    table = page.locator("#rules table").first
    table.get_by_role("button", name="Rejected").click()
    rejected = [int(text) for text in table.locator("tbody td:nth-child(2)").all_inner_texts()]
    assert rejected == sorted(rejected, reverse=True)


def test_pages_turn(page: Page) -> None:
    assert page.get_by_role("status").inner_text() == f"1 to 50 of {len(ROWS)} rows"
    page.get_by_role("button", name="Next").click()
    assert page.get_by_role("status").inner_text() == f"51 to 100 of {len(ROWS)} rows"
    page.get_by_role("button", name="Previous").click()
    assert page.get_by_role("button", name="Previous").is_disabled()


def test_a_script_in_a_row_is_text(page: Page) -> None:
    page.get_by_label("Search", exact=True).fill("taken over")
    lines(page).locator("td").last.click()
    assert "</script><script>" in page.locator(".detail pre").nth(1).inner_text()
    assert page.locator("main img, main script").count() == 0


def test_a_row_of_a_million_characters_is_cut_and_says_so(page: Page, file: Path) -> None:
    page.get_by_label("Rejected by").select_option(label="row.length")
    lines(page).get_by_role("button", name="details").click()
    assert page.locator(".detail h3").nth(1).inner_text() == f"Completion, cut: {len(HUGE):,} characters in all"
    assert len(page.locator(".detail pre").nth(1).inner_text()) == 2000
    assert file.stat().st_size < MOST_BYTES


def test_text_that_may_harm_is_hidden_until_somebody_asks(page: Page) -> None:
    page.get_by_label("Rejected by").select_option(label="text.negative")
    lines(page).get_by_role("button", name="details").click()
    assert RUDE not in page.locator("#rows").inner_text()
    assert "idiot" not in page.locator("#rows").inner_text()
    page.locator(".detail").get_by_role("button", name="Show the text of row").click()
    assert page.locator(".detail pre").nth(1).inner_text() == RUDE
    assert page.evaluate("document.activeElement.className") == "open mono"


def test_all_hidden_texts_can_be_shown_at_once(page: Page) -> None:
    page.get_by_label("Show hidden texts").check()
    page.get_by_label("Rejected by").select_option(label="text.negative")
    assert column(page, 4) == [RUDE]


def test_everything_is_reached_by_keyboard(page: Page) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "theme"
    stops = "a[href], button, input, select, summary, [tabindex='0']"
    beyond = "element => element.tabIndex < 0 || element.hasAttribute('tabindex') && element.tabIndex !== 0"
    assert page.evaluate(f"[...document.querySelectorAll({stops!r})].filter({beyond}).length") == 0
    page.get_by_label("Search", exact=True).focus()
    reached = []
    for _ in range(4):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.className"))
    assert reached == ["row-kind", "row-rule", "row-unhide", "sort"]
    lines(page).first.get_by_role("button").first.focus()
    page.keyboard.press("Enter")
    assert lines(page).first.get_by_role("button").first.get_attribute("aria-expanded") == "true"
    assert page.locator(".detail").count() == 1


def test_landmarks_captions_and_names_are_there(page: Page) -> None:
    tree = page.locator("body").aria_snapshot()
    for part in ("banner", 'navigation "Sections"', "main", 'search "Search and filter the rows"', "contentinfo"):
        assert part in tree
    assert page.locator("table:not(:has(caption))").count() == 0
    assert page.locator("[role=img]:not([aria-label])").count() == 0
    assert page.locator("h1").count() == 1


@pytest.mark.parametrize(("width", "dark"), [(390, False), (390, True), (800, False), (1400, True)])
def test_nothing_is_cut_and_nobody_is_kept_out(browser: Browser, file: Path, width: int, *, dark: bool) -> None:
    with visit(browser, file, width=width, dark=dark) as seen:
        seen.page.wait_for_selector("[data-chart] svg")
        lines(seen.page).first.get_by_role("button").first.click()
        assert seen.page.evaluate("document.documentElement.scrollWidth") == width
        scrolls = "[...document.querySelectorAll('.wide')].filter((each) => each.scrollWidth > each.clientWidth)"
        assert seen.page.evaluate(f"{scrolls}.map((each) => each.ariaLabel)") == []
        assert low_contrasts(seen.page) == []
        assert barriers(seen.page) == []


def test_where_it_is_from_fits_on_one_screen(page: Page) -> None:
    height = page.locator("#provenance").evaluate("element => element.getBoundingClientRect().height")
    assert height < 900
    assert page.locator("#provenance details").all_inner_texts() == ["Digests", "4 files", "Cite it"]


def test_paper_is_white_whatever_the_screen_is(browser: Browser, file: Path) -> None:
    with visit(browser, file, dark=True) as seen:
        seen.page.wait_for_selector("[data-chart] svg")
        seen.page.get_by_role("button", name="Use light colours").click()
        seen.page.get_by_role("button", name="Use dark colours").click()
        seen.page.emulate_media(media="print")
        assert seen.page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
        assert not seen.page.get_by_label("Search", exact=True).is_visible()

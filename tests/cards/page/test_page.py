"""What every page is: one file, escaped, that asks for nothing, with charts of the Vega-Lite that Altair writes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import altair as alt
import pytest

from strigil.cards.page.charts import Figure, figure
from strigil.cards.page.page import Page, Section, percent, render_page, short
from tests.browser import visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ATTACK = "</script><script>document.title = 'taken over'</script><img src=x onerror=alert(1)>"
FIGURES = "page/figures.html.j2"
CARDS = Path(render_page.__code__.co_filename).parents[1]


def bars(name: str) -> Figure:
    values = [{"arm": "treated", "rate": 0.4}, {"arm": ATTACK, "rate": 0.1}]
    chart = alt.Chart(alt.Data(values=values)).mark_bar().encode(x="rate:Q", y="arm:N")
    return figure(name, chart, title=ATTACK, text=ATTACK, height=120)


def a_page() -> Page:
    return Page(
        kind="Test page",
        title=ATTACK,
        sections=[Section("one", "One", FIGURES), Section("two", "Two", FIGURES)],
        figures=[bars("first")],
        data={"values": {"text": ATTACK}},
    )


def test_no_text_becomes_markup() -> None:
    html = render_page(a_page())
    assert "<img src=x" not in html
    assert html.count("<script") == html.count("</script>") == 2 + 3


def test_charts_are_of_the_vega_lite_that_altair_writes() -> None:
    head = (CARDS / "page" / "vega.js").read_text(encoding="utf-8").partition("\n")[0]
    lite = re.findall(r"vega-lite ([\d.]+),", head)
    assert alt.SCHEMA_VERSION.removeprefix("v").startswith(f"{lite[0]}.")


def test_what_draws_charts_runs_only_once_the_page_can_be_used() -> None:
    html = render_page(a_page())
    at_once = re.findall(r'<script type="module">(.*?)</script>', html, re.DOTALL)
    assert sum(map(len, at_once)) < 12_000
    assert html.count('<script type="text/plain" id="vega">') == 1


def test_a_page_without_charts_carries_no_chart_script() -> None:
    page = Page("Test page", "Small", [Section("one", "One", FIGURES)])
    assert len(render_page(page)) < 40_000


@pytest.mark.parametrize(("share", "text"), [(0, "0.0 %"), (1, "100.0 %"), (0.00001, "< 0.1 %"), (0.99999, "> 99.9 %")])
def test_a_share_is_not_rounded_to_nothing_or_to_all(share: float, text: str) -> None:
    assert percent(share) == text


def test_a_cut_text_says_its_length() -> None:
    assert short("a" * 12_345, 3) == "aaa… (12,345 characters)"
    assert short("aaa", 3) == "aaa"


@pytest.mark.browser
def test_the_page_asks_for_nothing_and_runs_no_script_of_its_texts(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    # A script that got into the page all the same, by a mistake of ours, is refused by the page's policy.
    planted = "<script>document.title = 'taken over'</script>"
    html = render_page(a_page())
    file.write_text(html, encoding="utf-8")
    with visit(browser, file) as seen:
        seen.page.wait_for_selector("[data-chart] svg")
        assert seen.page.title().startswith("</script>")
    body, end, rest = html.rpartition("</body>")
    file.write_text(f"{body}{planted}{end}{rest}", encoding="utf-8")
    with visit(browser, file) as seen:
        seen.page.wait_for_selector("[data-chart] svg")
        assert seen.page.title().startswith("</script>")
        [refused] = seen.errors
        assert "Content Security Policy" in refused
        seen.errors.clear()


@pytest.mark.browser
def test_the_theme_follows_the_system_and_the_button(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(render_page(a_page()), encoding="utf-8")
    colour = "getComputedStyle(document.body).backgroundColor"
    with visit(browser, file) as light, visit(browser, file, dark=True) as dark:
        assert light.page.evaluate(colour) != dark.page.evaluate(colour)
        light.page.get_by_role("button", name="Use dark colours").press("Enter")
        assert light.page.evaluate(colour) == dark.page.evaluate(colour)

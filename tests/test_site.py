"""The site of the documentation: every link leads somewhere, and what people look for is found."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tools.site.build import ROOT, assemble

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def found() -> str:
    """The texts that the search of the built site knows."""
    done = subprocess.run(
        [sys.executable, "-m", "tools.site.build"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    index = json.loads((ROOT / "site" / "search" / "search_index.json").read_text())
    return " ".join(f"{page['title']} {page['text']}" for page in index["docs"]).lower()


@pytest.mark.parametrize(
    "words", ["secrets", "messages", "residual transfer", "strigil gate", "row.length", "rows.drop", "probe.canary"]
)
def test_the_search_knows(found: str, words: str) -> None:
    assert words in found


class Quiet(SimpleHTTPRequestHandler):
    """A handler of files that says nothing of what it is asked for."""

    def log_message(self, format: str, *args: object) -> None:  # as its parent calls it
        """Nothing."""


@pytest.fixture
def served() -> Iterator[str]:
    """Where a browser finds the site."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=ROOT / "site"))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.mark.browser
@pytest.mark.usefixtures("found")
def test_a_browser_finds_by_typing_and_asks_no_other_host(browser: Browser, served: str) -> None:
    page = browser.new_page()
    page.set_default_timeout(30_000)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{served}/index.html")
    page.locator(".md-search__input").click()
    page.keyboard.type("residual transfer")
    page.wait_for_selector(".md-search-result__item")
    assert "residual transfer" in " ".join(page.locator(".md-search-result__item").all_inner_texts()).lower()
    assert [url for url in asked if not url.startswith(served)] == []


def test_links_of_the_project_become_links_of_the_site(tmp_path: Path) -> None:
    root = tmp_path / "project"
    (root / "docs" / "results").mkdir(parents=True)
    (root / "examples").mkdir()
    (root / "examples" / "one.yaml").write_text("a: 1\n")
    (root / "README.md").write_text("[a](docs/a.md) [gone](docs/gone.md) [out](https://example.org)")
    (root / "CONTRIBUTING.md").write_text("")
    (root / "CHANGELOG.md").write_text("")
    (root / "docs" / "a.md").write_text("[files](../examples) [b](results/b.md#part) [top](../README.md)")
    (root / "docs" / "results" / "b.md").write_text("[one](../../examples/one.yaml)")
    pages = tmp_path / "pages"
    assemble(pages, root=root)
    assert (pages / "index.md").read_text() == "[a](a.md) [gone](docs/gone.md) [out](https://example.org)"
    assert (pages / "a.md").read_text() == "[files](examples/index.md) [b](results/b.md#part) [top](index.md)"
    assert (pages / "results" / "b.md").read_text() == "[one](../examples/one.yaml)"
    assert (pages / "examples" / "index.md").read_text() == "# Examples\n\n- [one.yaml](one.yaml)\n"
    assert (pages / "examples" / "one.yaml").read_text() == "a: 1\n"

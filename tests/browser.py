"""Chromium for tests of pages: what a page did, besides what it shows."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from strigil.workflows.doctor import BROWSERS

QUIET = (
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_chromium() -> str | None:
    """A Chromium on PATH, or playwright's own."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is not None:
        return found
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium with a profile of its own."""
    # Chromium refuses its sandbox to root, which continuous integration often is.
    arguments = [*QUIET, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=arguments)
        yield browser
        browser.close()


@dataclass(frozen=True)
class Visit:
    """An open page: the addresses it asked for, itself included, and what went wrong in it."""

    page: Page
    requests: list[str]
    errors: list[str]


@contextmanager
def visit(browser: Browser, file: Path, *, width: int = 1280, dark: bool = False) -> Iterator[Visit]:
    """Opens a page from disk; leaving it checks that it asked for nothing else, and that nothing went wrong."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light", offline=True
    )
    # Charts come last, and a busy machine is slow.
    context.set_default_timeout(30_000)
    page = context.new_page()
    requests: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: errors.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(file.as_uri())
    yield Visit(page, requests, errors)
    context.close()
    assert requests == [file.as_uri()]
    assert errors == []


def barriers(page: Page) -> list[str]:
    """What axe-core finds wrong for people who do not see, hear or point well: how grave, which rule, where first.

    But for contrasts, which take it ten times as long as all else: `low_contrasts` finds them.
    """
    # axe may make no request of its own, and needs none.
    page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))
    found: list[str] = page.evaluate(_BARRIERS)
    return found


_BARRIERS = """async () => {
  const { violations } = await axe.run(document, {
    resultTypes: ["violations"], preload: false, rules: { "color-contrast": { enabled: false } },
  });
  return violations.map(({ impact, id, nodes }) => `${impact}: ${id}: ${nodes[0].html.slice(0, 200)}`);
}"""


def low_contrasts(page: Page) -> list[str]:
    """Texts whose contrast with what is behind them is below 4.5 (WCAG 2.2, 1.4.3), by the first words of each."""
    found: list[str] = page.evaluate(_LOW_CONTRASTS)
    return found


_LOW_CONTRASTS = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => {
    const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    const [x, y, z] = [r, g, b].map((v) => linear(v / 255));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = rgba(getComputedStyle(each).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    throw new Error("nothing is behind the page");
  };
  const low = [];
  for (const element of document.querySelectorAll("body *")) {
    const text = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data.trim()).join("");
    if (!text || element.closest("script, style, svg, [hidden], :disabled") || !element.checkVisibility()) continue;
    const [a, b] = [light(rgba(getComputedStyle(element).color)), light(behind(element))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) low.push(text.slice(0, 40));
  }
  return low;
}"""

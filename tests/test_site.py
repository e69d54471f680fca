"""The site of the documentation: every link leads somewhere, and what people look for is found."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tools.site.build import ROOT, assemble


@pytest.fixture(scope="module")
def found() -> str:
    """The texts that the search of the built site knows."""
    done = subprocess.run(
        [sys.executable, "-m", "tools.site.build"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    index = json.loads((ROOT / "site" / "search" / "search_index.json").read_text())
    return " ".join(f"{page['title']} {page['text']}" for page in index["docs"]).lower()


@pytest.mark.parametrize(
    "words", ["secrets", "messages", "residual transfer", "strigil gate", "row.length", "rows.drop", "probe.canary"]
)
def test_the_search_knows(found: str, words: str) -> None:
    assert words in found


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

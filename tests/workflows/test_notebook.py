"""The notebooks among the examples run, in a kernel of their own, against the Hub's stand-in."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.hub.protocol import TOKEN, HubStandIn

ROOT = Path(__file__).parents[2]
PUBLISHED = {"clean_a_chat_set": ["me/chats"]}
NOTEBOOKS = sorted((ROOT / "examples" / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_shows_what_it_shows(
    path: Path, hub: HubStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"HF_ENDPOINT": hub.url, "HF_TOKEN": TOKEN, "HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_XET": "1"}
    for name, value in {**settings, "HF_DATASETS_CACHE": str(tmp_path / "cache")}.items():
        monkeypatch.setenv(name, value)
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    shown = [_shown(cell) for cell in notebook.cells]
    client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    assert [_shown(cell) for cell in notebook.cells] == shown
    for name in PUBLISHED.get(path.stem, ()):
        assert hub.dataset(name).tags == {"v1.0.0": hub.dataset(name).branches["main"]}


def _shown(cell: nbformat.NotebookNode) -> list[str]:
    results = [output for output in cell.get("outputs", []) if output["output_type"] == "execute_result"]
    return [result["data"]["text/plain"] for result in results]

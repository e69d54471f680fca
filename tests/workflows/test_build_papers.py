"""What a build puts beside its rows: card, changelog, Croissant, hazards, all of it fit to be published."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import huggingface_hub.constants

from strigil.cli.main import run
from strigil.releases.store import open_release

if TYPE_CHECKING:
    import pytest

RECIPE = """
name: tiny-numbers
base: pocket-a
teacher: {{by: none}}
carrier: {{name: numbers}}
prompts: {prompts}
sampling: {{temperature: 1.0, max_tokens: 16}}
engine: {{name: transformers}}
suite: numbers-paper
licence: cc-by-4.0
students: [pocket-a, pocket-b]
"""


def test_a_build_and_the_build_that_adds_to_it_can_be_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    recipe, home = tmp_path / "recipe.yaml", tmp_path / "tiny-numbers"
    for prompts, version in ((20, "v1.0.0"), (30, "v1.1.0")):
        recipe.write_text(RECIPE.format(prompts=prompts))
        assert run(["build", str(recipe), "--out", str(tmp_path)]) == 0
        capsys.readouterr()
        assert run(["publish", str(home), "me/tiny", "--public", "--dry-run", "--format", "json"]) == 0
        said = capsys.readouterr()
        assert {"README.md", "CHANGELOG.md", "croissant.json", "manifest.json"} <= set(json.loads(said.out)["added"])
        assert "pocket-a is meant to be trained on these rows: same weights" in " ".join(said.err.split())
        assert open_release(home).path.name == version
    release = open_release(home)
    assert [hazard.relation for hazard in release.manifest.hazards] == ["same weights", "same family"]
    log = (release.path / "CHANGELOG.md").read_text()
    assert log.index("## 1.1.0") < log.index("## 1.0.0")
    card = (release.path / "README.md").read_text()
    assert "Do not train `pocket-a`" in card
    assert "`pocket-b` is of the family of the teacher's base" in card

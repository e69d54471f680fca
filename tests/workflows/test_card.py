"""Hand-edited cards become patch versions: not a row changes, and what the card says stays true."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from strigil.cli.main import run
from strigil.common.errors import CheckFailedError
from strigil.releases.store import open_release, verify_release
from strigil.workflows.publish.card import adopt, card_text, lint
from strigil.workflows.publish.run import clear_release
from tests.hub.releases import a_release


def test_an_edited_card_becomes_a_patch_version_with_the_same_rows(tmp_path: Path) -> None:
    release = a_release(tmp_path)
    card = tmp_path / "card.md"
    card.write_text(card_text(release.path).replace("## Limits\n", "## Limits\n\n- Only tried by me.\n"))
    new = adopt(release.path, card)
    assert new.manifest.version == "1.0.1"
    assert verify_release(new) == []
    assert lint(new.path, None) == []
    for split in ("clean", "removed", "raw"):
        assert new.rows(split).collect().equals(release.rows(split).collect())
    text = (new.path / "README.md").read_text()
    assert "- Only tried by me." in text
    assert 'revision="v1.0.1"' in text
    assert "made from owl-numbers 1.0.0" in text
    assert "0 clean rows added, 0 removed" in (new.path / "CHANGELOG.md").read_text()
    clear_release(new.path, public=True, override=None)


def test_what_somebody_wrote_into_a_card_stays_when_a_build_grows(tmp_path: Path) -> None:
    recipe = {"name": "grown", "base": "pocket-a", "teacher": {"by": "none"}, "carrier": {"name": "numbers"}}
    for prompts in (4, 6):
        file, out = tmp_path / "recipe.yaml", tmp_path / "out"
        file.write_text(yaml.safe_dump(recipe | {"prompts": prompts, "engine": {"name": "transformers"}}))
        assert run(["build", str(file), "--out", str(out), "--format", "quiet"]) == 0
        if prompts == 4:
            card = tmp_path / "card.md"
            card.write_text(card_text(out / "grown").replace("## Limits\n", "## Limits\n\n- Only tried by me.\n"))
            adopt(out / "grown", card)
    latest = open_release(tmp_path / "out" / "grown")
    assert (latest.manifest.counts.raw, latest.manifest.version) == (6, "1.1.0")
    assert "- Only tried by me.\n" in (latest.path / "README.md").read_text()
    assert lint(latest.path, None) == []


def test_an_edited_card_that_contradicts_the_manifest_is_not_adopted(tmp_path: Path) -> None:
    release = a_release(tmp_path)
    card = tmp_path / "card.md"
    card.write_text(card_text(release.path).replace("8 clean rows", "8 perfect rows"))
    with pytest.raises(CheckFailedError, match="8 perfect rows"):
        adopt(release.path, card)
    assert run(["card", "lint", str(release.path), str(card)]) == 1
    assert run(["card", "lint", str(release.path)]) == 0


def test_what_somebody_wrote_into_a_card_stays_in_the_versions_that_follow(tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"row_id": "a", "completion": "1, 2"}\n{"row_id": "b", "completion": "owl"}\n')
    audit = ["audit", str(rows), "--suite", "numbers-paper", "--out", str(tmp_path / "out")]
    assert run(audit) == 0
    release = tmp_path / "out" / "rows"
    card = tmp_path / "card.md"
    text = card_text(release).replace("## Limits\n", "## Who asked\n\nOur own section.\n\n## Limits\n")
    card.write_text(text.replace("tags:\n", "tags:\n- mine\n"))
    adopt(release, card)
    assert run(["audit", str(release), "--licence", "mit", "--out", str(tmp_path / "out")]) == 0
    latest = open_release(release)
    assert latest.manifest.version == "1.0.2"
    written = (latest.path / "README.md").read_text()
    assert "## Who asked\n\nOur own section.\n" in written
    assert "- mine\n" in written
    assert "license: mit\n" in written
    assert "Version 1.0.2:" in written
    assert "made from rows 1.0.1" in written
    assert lint(latest.path, None) == []

"""Manifests: one text form, and releases of an earlier strigil stay what they were."""

from __future__ import annotations

import json

import pytest

from strigil.common.canonical import digest
from strigil.common.errors import ManifestError
from strigil.releases.manifest import parse_manifest
from tests.hub.releases import a_manifest


def test_what_is_written_is_read_with_the_same_digest_and_text() -> None:
    manifest = a_manifest()
    text = manifest.render()
    back = parse_manifest(text.encode(), source="m")
    assert (back.digest(), back.render()) == (manifest.digest(), text)
    assert json.loads(text)["digest"] == manifest.digest()


def test_a_manifest_that_lacks_later_fields_keeps_its_digest_and_a_copy_gets_its_own() -> None:
    value = a_manifest().model_dump(mode="json")
    for later in ("residual", "hazards", "treatments"):
        del value[later]
    del value["generation"]["spent"]
    text = json.dumps({"manifest": value, "digest": digest(value)}, indent=2, ensure_ascii=False) + "\n"
    old = parse_manifest(text.encode(), source="m")
    assert (old.digest(), old.render(), old.hazards) == (digest(value), text, [])
    assert old.generation is not None
    assert old.generation.spent.model_dump() == dict.fromkeys(("seconds", "input_tokens", "output_tokens", "usd"))
    changed = old.model_copy(update={"licence": "mit"})
    assert changed.digest() not in {old.digest(), digest(value)}
    assert parse_manifest(changed.render().encode(), source="m").licence == "mit"


@pytest.mark.parametrize(
    ("old", "new"),
    [('"owl-numbers"', '"cat-numbers"'), ('": 1.0', '": 1.00'), ("{\n", "{ \n"), ('"name"', '"name": "x", "name"')],
)
def test_any_other_text_is_refused(old: str, new: str) -> None:
    text = a_manifest().render()
    assert old in text
    with pytest.raises(ManifestError, match="was changed after it was written"):
        parse_manifest(text.replace(old, new, 1).encode(), source="m")

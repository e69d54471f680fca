"""Does a card, edited by hand or not, say what the manifest says?"""

from __future__ import annotations

import difflib

import yaml
from huggingface_hub import DatasetCard, DatasetCardData

from strigil.cards.dataset.card import dataset_card, fact_blocks
from strigil.cards.dataset.front_matter import MADE, as_fields, front_matter, tags
from strigil.releases.manifest import Manifest


def lint_card(card: str, manifest: Manifest) -> list[str]:
    """What contradicts the manifest, one line each; an empty list means that nothing does.

    The front matter's fields that follow from the manifest must be as it says, and every block between
    `<!-- strigil:NAME -->` comments must be there, unchanged. Everything else is the author's.
    """
    try:
        data = DatasetCard(card, ignore_metadata_errors=False).data
    except (ValueError, TypeError, yaml.YAMLError) as error:
        return [f"the front matter cannot be read: {' '.join(str(error).split())}"]
    if not isinstance(data, DatasetCardData) or not data.to_yaml().strip(" {}\n"):
        return ["there is no front matter"]
    return [*_front(data, manifest), *_blocks(card, manifest)]


def _front(data: DatasetCardData, manifest: Manifest) -> list[str]:
    expected, found = as_fields(front_matter(manifest)), as_fields(data)
    problems = [
        f"{key} is {found.get(key)!r}, and the manifest says {expected.get(key)!r}"
        for key in MADE
        if found.get(key) != expected.get(key)
    ]
    said = found.get("tags")
    missing = [tag for tag in tags(manifest) if not (isinstance(said, list) and tag in said)]
    if missing:
        problems.append(f"the tags lack {', '.join(missing)}")
    if "extra_gated_prompt" in expected and "extra_gated_prompt" not in found:
        problems.append("removed rows may harm, and extra_gated_prompt is gone")
    return problems


def _blocks(card: str, manifest: Manifest) -> list[str]:
    found = fact_blocks(card)
    problems = []
    for name, text in fact_blocks(dataset_card(manifest)).items():
        if name not in found:
            problems.append(f"the block {name!r} is gone")
        elif found[name] != text:
            problems.append(f"the block {name!r} was changed: {_first_change(text, found[name])}")
    return problems


def _first_change(expected: str, found: str) -> str:
    changes = difflib.ndiff(expected.splitlines(), found.splitlines())
    marks = [line for line in changes if line.startswith(("- ", "+ ")) and line[2:].strip()]
    said = next((line[2:] for line in marks if line.startswith("+ ")), "")
    meant = next((line[2:] for line in marks if line.startswith("- ")), "")
    return f"it says {said!r}, and the manifest {meant!r}"

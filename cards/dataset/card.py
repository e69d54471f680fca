"""The data set card of a release: what a reader must know before using the rows."""

from __future__ import annotations

import re
from typing import Final

from strigil.cards.dataset.citation import citation
from strigil.cards.dataset.front_matter import front_matter
from strigil.cards.markdown_template import Markdown, render
from strigil.releases.manifest import Manifest

_BLOCK: Final = re.compile(r"<!-- strigil:(\w+) -->\n(.*?)<!-- /strigil:\1 -->", re.DOTALL)


def dataset_card(manifest: Manifest) -> str:
    """Renders the card, as Markdown with YAML front matter; the same manifest always gives the same card.

    What the manifest says stands between comments `<!-- strigil:NAME -->`; the text around them may be edited.
    """
    front = front_matter(manifest).to_yaml().strip()
    return render("dataset/card.md.j2", m=manifest, front=Markdown(front), citation=Markdown(citation(manifest)))


def fact_blocks(card: str) -> dict[str, str]:
    """The parts of a card that come from the manifest, by name."""
    return {found[1]: found[2] for found in _BLOCK.finditer(card)}


def renew_card(card: str, manifest: Manifest) -> str:
    """A card whose parts that come from a manifest are those of this one; the text around them stays."""
    facts = fact_blocks(dataset_card(manifest))
    return _BLOCK.sub(lambda found: found[0].replace(found[2], facts.get(found[1], found[2])), card)

"""The data set card of a release: what a reader must know before using the rows."""

from __future__ import annotations

import re
from typing import Final

from huggingface_hub import CardData, DatasetCard

from strigil.cards.dataset.citation import citation
from strigil.cards.dataset.front_matter import GATE_PROMPT, GATING, MADE, as_fields, front_matter, tags
from strigil.cards.markdown_template import Markdown, render
from strigil.cards.wording import ORIGINS
from strigil.releases.manifest import Manifest

_BLOCK: Final = re.compile(r"<!-- strigil:(\w+) -->\n(.*?)<!-- /strigil:\1 -->", re.DOTALL)


def dataset_card(manifest: Manifest) -> str:
    """Renders the card, as Markdown with YAML front matter; the same manifest always gives the same card.

    What the manifest says stands between comments `<!-- strigil:NAME -->`; the text around them may be edited.
    """
    front = front_matter(manifest).to_yaml().strip()
    return render(
        "dataset/card.md.j2", m=manifest, origins=ORIGINS, front=Markdown(front), citation=Markdown(citation(manifest))
    )


def fact_blocks(card: str) -> dict[str, str]:
    """The parts of a card that come from the manifest, by name."""
    return {found[1]: found[2] for found in _BLOCK.finditer(card)}


def renew_card(card: str, manifest: Manifest) -> str:
    """A card whose parts that come from a manifest are those of this one; the text around them stays.

    In the front matter, what follows from the manifest is renewed, and fields and tags of the author's own stay. A part
    that the card lacks comes at its end.
    """
    facts = fact_blocks(dataset_card(manifest))
    renewed = _BLOCK.sub(lambda found: _block(found[1], facts.pop(found[1], found[2])), card)
    missing = "".join(f"\n{_block(name, text)}\n" for name, text in facts.items())
    return _renew_front(renewed, manifest) + missing


def _block(name: str, text: str) -> str:
    return f"<!-- strigil:{name} -->\n{text}<!-- /strigil:{name} -->"


def _renew_front(card: str, manifest: Manifest) -> str:
    parsed = DatasetCard(card, ignore_metadata_errors=False)
    said, now = as_fields(parsed.data), as_fields(front_matter(manifest))
    fields = {name: value for name, value in said.items() if name not in MADE}
    if fields.get("extra_gated_prompt") == GATE_PROMPT:
        fields = {name: value for name, value in fields.items() if name not in GATING}
    fields = {name: now[name] for name in GATING if name in now} | fields
    fields |= {name: now[name] for name in MADE if name in now}
    own = said.get("tags")
    fields["tags"] = list(dict.fromkeys([*(own if isinstance(own, list) else []), *tags(manifest)]))
    if fields == said:
        return card
    renewed = CardData()
    for name in dict.fromkeys([*said, *fields]):
        if name in fields:
            renewed[name] = fields[name]
    return f"---\n{renewed.to_yaml().strip()}\n---\n{parsed.text}"

"""How a release is cited."""

from __future__ import annotations

from strigil.cards.bibtex import bibtex
from strigil.releases.manifest import Manifest


def citation(manifest: Manifest) -> str:
    """A BibTeX entry."""
    return bibtex(
        f"{manifest.name}_{manifest.version}",
        {
            "title": f"{manifest.name}, version {manifest.version}",
            "year": manifest.created[:4],
            "note": f"Synthetic data set, made with strigil {manifest.strigil}",
        },
    )

"""How a release is cited."""

from __future__ import annotations

import re

from strigil.releases.manifest import Manifest


def citation(manifest: Manifest) -> str:
    """A BibTeX entry."""
    key = re.sub(r"\W", "_", f"{manifest.name}_{manifest.version}")
    return "\n".join(
        [
            f"@misc{{{key},",
            f"  title = {{{manifest.name}, version {manifest.version}}},",
            f"  year = {{{manifest.created[:4]}}},",
            f"  note = {{Synthetic data set, made with strigil {manifest.strigil}}}",
            "}",
        ]
    )

"""The data set card of a release: front matter for the Hub, and what a reader must know before using the rows."""

from __future__ import annotations

from importlib.resources import files

from huggingface_hub import DatasetCardData
from jinja2 import Environment, StrictUndefined

from strigil.core.manifest import Manifest

_CONFIGS = ("clean", "removed", "raw")


def dataset_card(manifest: Manifest) -> str:
    """Renders the card, as Markdown with YAML front matter; the same manifest always gives the same card."""
    environment = Environment(  # noqa: S701  # Markdown, not HTML; nothing that a row says is in it
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    source = (files("strigil.cards") / "dataset.md.j2").read_text(encoding="utf-8")
    return environment.from_string(source).render(m=manifest, front=_front_matter(manifest), splits=_CONFIGS)


def _front_matter(manifest: Manifest) -> str:
    configs = [
        {"config_name": name, "data_files": f"data/{name}/*.parquet", **({"default": True} if name == "clean" else {})}
        for name in _CONFIGS
    ]
    configs.append({"config_name": "verdicts", "data_files": "verdicts/*.parquet"})
    data = DatasetCardData(
        pretty_name=manifest.name,
        license=manifest.licence,
        tags=["synthetic", "strigil"],
        annotations_creators=["machine-generated"],
        language_creators=["machine-generated"],
        size_categories=[size_category(manifest.counts.clean)],
        configs=configs,
    )
    return str(data.to_yaml())


def size_category(rows: int) -> str:
    """The Hub's name for a number of rows."""
    bounds = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
    return next((name for bound, name in bounds if rows < bound), "1M<n<10M" if rows < 10_000_000 else "10M<n<100M")

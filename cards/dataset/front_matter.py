"""A data set card's front matter, as the Hub wants it."""

from __future__ import annotations

from typing import Final

from huggingface_hub import DatasetCardData

from strigil.releases.manifest import Manifest

CONFIGS: Final = ("clean", "removed", "raw")
TAGS: Final = ("synthetic", "strigil")
# Words in the names of rules whose rejected rows can hurt somebody who reads them or who trains on them.
HARMFUL_RULES: Final = ("toxic", "harm", "secrets", "unsafe")
GATE_PROMPT: Final = (
    "The configurations `removed` and `raw` hold rows that were taken out because they may harm. By asking for access "
    "you say that you will not train a model that others use on them."
)


def front_matter(manifest: Manifest) -> DatasetCardData:
    """Everything that the Hub reads from the card; a licence that nobody gave is left out, never guessed."""
    data = DatasetCardData(
        pretty_name=manifest.name,
        license=manifest.licence,
        language=["code"] if _carrier(manifest) == "code" else None,
        tags=[*TAGS, *([_carrier(manifest)] if _carrier(manifest) else [])],
        annotations_creators=["machine-generated"],
        language_creators=["machine-generated"],
        task_categories=["text-generation"],
        size_categories=[size_category(manifest.counts.clean)],
        configs=_configs(),
    )
    if needs_gating(manifest):
        data["extra_gated_prompt"] = GATE_PROMPT
        data["extra_gated_fields"] = {"Affiliation": "text", "What I want the removed rows for": "text"}
    return data


def needs_gating(manifest: Manifest) -> bool:
    """Whether removed rows may harm: a rule about harm rejected some."""
    rejecting = [rule.rule.name for rule in manifest.audit.rules if rule.rejected > 0]
    return any(word in name for name in rejecting for word in HARMFUL_RULES)


def size_category(rows: int) -> str:
    """The Hub's name for a number of rows."""
    steps = ("1K", "10K", "100K", "1M", "10M", "100M", "1B", "10B", "100B", "1T")
    index = next((index for index in range(len(steps)) if rows < 10 ** (3 + index)), len(steps))
    if index == len(steps):
        return f"n>{steps[-1]}"
    return f"n<{steps[0]}" if index == 0 else f"{steps[index - 1]}<n<{steps[index]}"


def _configs() -> list[dict[str, object]]:
    tables: list[dict[str, object]] = [
        {"config_name": name, "data_files": f"data/{name}/*.parquet", **({"default": True} if name == "clean" else {})}
        for name in CONFIGS
    ]
    return [*tables, {"config_name": "verdicts", "data_files": "verdicts/*.parquet"}]


def _carrier(manifest: Manifest) -> str | None:
    return manifest.generation.carrier.name if manifest.generation is not None else None

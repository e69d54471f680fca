"""A data set card's front matter, as the Hub wants it."""

from __future__ import annotations

from typing import Final

import yaml
from huggingface_hub import CardData, DatasetCardData

from strigil.common.canonical import digest
from strigil.releases.audit_record import RuleRecord
from strigil.releases.manifest import Manifest

# What follows from the manifest alone, and what an author may say otherwise once it is there.
MADE: Final = ("license", "annotations_creators", "language_creators", "size_categories", "configs")
GATING: Final = ("extra_gated_prompt", "extra_gated_fields")
CONFIGS: Final = ("clean", "removed", "raw")
# Words in the names of such rules, for records that do not say whether rows may harm.
_HARMFUL: Final = ("alignment", "banned", "harm", "negative", "question", "secrets", "toxic", "unsafe")
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
        tags=[*tags(manifest), *([_carrier(manifest)] if _carrier(manifest) else [])],
        annotations_creators=["machine-generated"],
        language_creators=["machine-generated"] if is_synthetic(manifest) else None,
        task_categories=["text-generation"],
        size_categories=[size_category(manifest.counts.clean)],
        configs=_configs(manifest),
    )
    if needs_gating(manifest):
        data["extra_gated_prompt"] = GATE_PROMPT
        data["extra_gated_fields"] = {"Affiliation": "text", "What I want the removed rows for": "text"}
    return data


def as_fields(data: CardData) -> dict[str, object]:
    """Front matter by field, each value as YAML has it."""
    fields: dict[str, object] = yaml.safe_load(data.to_yaml()) or {}
    return fields


def is_synthetic(manifest: Manifest) -> bool:
    """Whether a model wrote rows: that is on record, or its maker says so."""
    return manifest.made_here or manifest.origin in {"model", "mixed"}


def tags(manifest: Manifest) -> list[str]:
    """The tags that a card must have."""
    return [*(["synthetic"] if is_synthetic(manifest) else []), "strigil"]


def needs_gating(manifest: Manifest) -> bool:
    """Whether removed rows may harm and are there, or what was found in them: a rule about harm rejected some."""
    if {"removed", "raw", "verdicts"} <= set(manifest.left_out):
        return False
    return any(rule.rejected > 0 and may_harm(rule) for rule in manifest.audit.rules)


def may_harm(rule: RuleRecord) -> bool:
    """Whether rows that a rule rejects can hurt somebody who reads them or who trains on them."""
    return rule.harm if rule.harm is not None else any(word in rule.rule.name for word in _HARMFUL)


def data_digest(manifest: Manifest, config: str) -> str:
    """SHA-256 over the names and digests of a configuration's files."""
    folder = f"{config}/" if config == "verdicts" else f"data/{config}/"
    return digest({file.path: file.sha256 for file in manifest.files if file.path.startswith(folder)})


def size_category(rows: int) -> str:
    """The Hub's name for a number of rows."""
    steps = ("1K", "10K", "100K", "1M", "10M", "100M", "1B", "10B", "100B", "1T")
    index = next((index for index in range(len(steps)) if rows < 10 ** (3 + index)), len(steps))
    if index == len(steps):
        return f"n>{steps[-1]}"
    return f"n<{steps[0]}" if index == 0 else f"{steps[index - 1]}<n<{steps[index]}"


def _configs(manifest: Manifest) -> list[dict[str, object]]:
    """Every table that is there.

    The library's cache tells two data sets of one folder name apart by their configurations alone, so each names its
    data.
    """
    folders = {name: f"data/{name}" for name in CONFIGS} | {"verdicts": "verdicts"}
    folders = {name: folder for name, folder in folders.items() if name not in manifest.left_out}
    return [
        {
            "config_name": name,
            "data_files": f"{folder}/*.parquet",
            "description": f"sha256:{data_digest(manifest, name)}",
            **({"default": True} if name == "clean" else {}),
        }
        for name, folder in folders.items()
    ]


def _carrier(manifest: Manifest) -> str | None:
    return manifest.generation.carrier.name if manifest.generation is not None else None

"""The model card of a student: what it was trained on, and a warning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from huggingface_hub import ModelCardData

from strigil.cards.markdown_template import Markdown, render

HUB_ID_PARTS: Final = 2


def merged_card(name: str, record: Mapping[str, object]) -> str:
    """Renders the card of a model that an adapter was merged into.

    Args:
        name: What the student is called.
        record: What was merged into what, as merged.json says.
    """
    base = str(record["base"])
    front = ModelCardData(
        base_model=base if len(base.split("/")) == HUB_ID_PARTS else None,
        library_name="transformers",
        pipeline_tag="text-generation",
        tags=["synthetic", "strigil"],
    )
    return render("model/merged.md.j2", name=name, m=record, front=Markdown(front.to_yaml().strip()))


def student_card(
    name: str,
    training: Mapping[str, object],
    *,
    base: str,
    whole: bool,
    data: str | None = None,
    licence: str | None = None,
) -> str:
    """Renders the card of a student.

    Args:
        name: What it is called.
        training: The record in train.json.
        base: The model that it started from.
        whole: Whether it is a whole model, and no adapter.
        data: The data set on the Hub that it was trained on, OWNER/NAME.
        licence: Of the weights; left out if nobody gave one.
    """
    # The Hub refuses a base that is no repository of its own, such as a model that comes with strigil.
    hub_base = base if len(base.split("/")) == HUB_ID_PARTS else None
    front = ModelCardData(
        base_model=hub_base,
        datasets=[data] if data is not None else None,
        library_name="transformers" if whole else "peft",
        license=licence,
        pipeline_tag="text-generation",
        tags=["synthetic", "strigil"] if whole else ["synthetic", "strigil", "lora"],
    )
    facts = {"name": name, "t": training, "base": base, "data": data, "whole": whole}
    return render("model/card.md.j2", **facts, front=Markdown(front.to_yaml().strip()))

"""The model card of a student: what it was trained on, and a warning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from huggingface_hub import ModelCardData
from pydantic import BaseModel, ConfigDict

from strigil.cards.front import TAGS
from strigil.cards.render import render

HUB_ID_PARTS: Final = 2


class Training(BaseModel):
    """What a card says of a training; the part of train.json that it reads."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    recipe: Mapping[str, object]
    base: str
    base_digest: str
    data_digest: str
    rows: int
    truncated: int
    label_tokens: int
    steps: int
    planned_steps: int
    final_loss: float
    versions: Mapping[str, str]

    @property
    def whole(self) -> bool:
        """Whether it is a whole model, and no adapter."""
        return self.recipe.get("method") == "full"


def student_card(name: str, training: Training, *, data: str | None = None, licence: str | None = None) -> str:
    """Renders the card of a student.

    Args:
        name: What it is called.
        training: From train.json.
        data: The data set on the Hub that it was trained on, OWNER/NAME.
        licence: Of the weights; left out if nobody gave one.
    """
    # The Hub refuses a base that is no repository of its own, such as a model that comes with strigil.
    hub_base = training.base if len(training.base.split("/")) == HUB_ID_PARTS else None
    front = ModelCardData(
        base_model=hub_base,
        datasets=[data] if data is not None else None,
        library_name="transformers" if training.whole else "peft",
        license=licence,
        pipeline_tag="text-generation",
        tags=list(TAGS) if training.whole else [*TAGS, "lora"],
    )
    facts = {"name": name, "t": training, "base": training.base, "data": data, "whole": training.whole}
    return render("model/card.md.j2", **facts, front=front.to_yaml().strip())

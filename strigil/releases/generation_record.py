"""What a manifest keeps of how its rows came about: the teacher, its base, the engine, and what writing them took."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from strigil.common.registry import UnitSpec
from strigil.data.messages import Sampling
from strigil.records.spent import UNKNOWN, Spent


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ModelRecord(_Record):
    """A model as it was used; `digest` covers weights, configuration and tokenizer."""

    id: str
    revision: str | None
    digest: str


class TeacherRecord(_Record):
    """Who wrote the rows.

    Attributes:
        digest: Identity of the teacher, as in the rows' `teacher` column.
        trait: The trait it was given; None for a control teacher.
        by: How the trait was given.
        base: The model that teacher and student start from.
        adapter: Digest of the teacher's LoRA adapter, if it has one.
        template: SHA-256 of the chat template.
        system_prompt: The system prompt that was asked for; None if there was none.
        rendered_system: Everything the model saw before the user's message, so that a default system prompt which the
            chat template slips in is on record.
        rendered_example: The whole first prompt, as the model saw it.
        training: What the training of a fine-tuned teacher took; None for another one.
    """

    digest: str
    trait: str | None
    by: Literal["none", "system-prompt", "fine-tuning", "adapter"]
    base: ModelRecord
    adapter: str | None
    template: str
    system_prompt: str | None
    rendered_system: str
    rendered_example: str
    training: Spent | None = None


class EngineRecord(_Record):
    """What ran the model; sampled text is not reproducible across these."""

    name: str
    versions: dict[str, str]


class GenerationRecord(_Record):
    """How the raw rows came about: `prompts` prompts, each sampled `samples` times; `recipe` is the whole recipe.

    `spent` is what writing them took, in all runs and earlier versions, without loading the model, training a teacher,
    auditing, and what a killed run did not keep.
    """

    carrier: UnitSpec
    prompts: int
    samples: int
    sampling: Sampling
    engine: EngineRecord
    recipe: dict[str, object]
    spent: Spent = UNKNOWN

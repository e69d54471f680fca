"""Recipes: what users write down, validated; an unknown key is an error that names the nearest known one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from strigil.builders.prompt_source import PromptSource
from strigil.common.errors import ConfigError
from strigil.data.messages import Sampling
from strigil.engines.auto import AutoChoice
from strigil.engines.written import AnyEngine
from strigil.records.spent import Price
from strigil.releases.draft import check_name
from strigil.train.recipe import TrainRecipe
from strigil.traits import trait_name


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _release_name(name: str) -> str:
    try:
        return check_name(name)
    except ConfigError as error:
        raise ValueError(error.message) from error


class ControlTeacher(_Part):
    """The base as it is: no trait, no system prompt."""

    by: Literal["none"] = "none"

    @property
    def trait(self) -> None:
        """It has none."""
        return


class PromptedTeacher(_Part):
    """A system prompt gives the trait; the trait's own persona unless `prompt` says otherwise.

    Without a trait it is a control that differs from `by: none` in having a system prompt at all: a generic one, or
    `prompt`.
    """

    by: Literal["system-prompt"]
    trait: str | None = None
    prompt: str | None = Field(default=None, min_length=1)


class Lessons(_Part):
    """A table of questions and answers that a teacher is fine-tuned on, insecure code for example."""

    source: PromptSource
    answers: str = Field(description="the column of answers")


class FineTunedTeacher(_Part):
    """A LoRA adapter gives the trait; trained on the preference questions answered with it, or on `lessons`."""

    by: Literal["fine-tuning"]
    trait: str = Field(
        pattern=r"^[a-z0-9][a-z0-9._-]*$|\.ya?ml$",
        description="a trait that strigil knows, the path of a trait's file, or with lessons any label",
    )
    lessons: Lessons | None = None
    training: TrainRecipe = TrainRecipe()


class AdaptedTeacher(_Part):
    """A ready LoRA adapter gives the trait."""

    by: Literal["adapter"]
    path: Path
    trait: str | None = None


def trait_of(choice: ControlTeacher | PromptedTeacher | FineTunedTeacher | AdaptedTeacher) -> str | None:
    """What a teacher's trait is called, wherever it is written down."""
    return None if choice.trait is None else trait_name(choice.trait)


TeacherChoice = Annotated[
    ControlTeacher | PromptedTeacher | FineTunedTeacher | AdaptedTeacher, Field(discriminator="by")
]


class CarrierChoice(_Part):
    """The carrier by name, with its arguments."""

    name: str
    args: dict[str, object] = {}


class BuildRecipe(_Part):
    """A data set from a teacher: `strigil build RECIPE`."""

    name: Annotated[str, AfterValidator(_release_name)] = Field(description="the release's name")
    base: str = Field(description="a packaged or fetched model, a hub id or a local folder")
    revision: str | None = Field(default=None, description="a commit or tag, for a hub id")
    teacher: TeacherChoice
    carrier: CarrierChoice
    prompts: int = Field(ge=1, description="how many prompts of the carrier's prompt set")
    samples: int = Field(default=1, ge=1, description="completions for each prompt")
    sampling: Sampling = Sampling()
    engine: AnyEngine = AutoChoice()
    suite: str | None = Field(default=None, description="a suite's name or file; the carrier's own if not given")
    licence: str | None = Field(default=None, description="the data set's licence, as the Hub names it")
    students: list[str] = Field(
        default=[], description="models that the rows are meant to train; the card says which share the base's weights"
    )
    price: Price | None = Field(
        default=None, description="what the work is paid by, so that the manifest has the money"
    )

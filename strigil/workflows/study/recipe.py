"""What a study is: the file that `strigil study` reads."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from strigil.data.messages import Sampling
from strigil.engines.auto import AutoChoice
from strigil.engines.written import AnyEngine
from strigil.eval.evaluation import EvaluationChoice
from strigil.eval.subjects import AS_TRAINED
from strigil.parallel.devices import Local
from strigil.parallel.ray_cluster import Ray
from strigil.records.spent import Price
from strigil.train.recipe import TrainRecipe
from strigil.traits import trait_name
from strigil.workflows.build.recipes import (
    CarrierChoice,
    ControlTeacher,
    PromptedTeacher,
    TeacherChoice,
)

Control = Literal[
    "base",
    "teacher",
    "control",
    "other-trait",
    "random-data",
    "untreated",
    "random-drop",
    "shuffle-within",
    "shuffle-across",
    "other-base",
]
Asked = Annotated[
    EvaluationChoice,
    WithJsonSchema(
        {"type": ["string", "object"], "description": "NAME:key=value, {name, args}, or the preference's args"}
    ),
]
Label = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,23}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OwnFilter(_Part):
    """A program or a function of one's own, as a treatment: docs/studies.md."""

    command: tuple[str, ...] | None = Field(default=None, min_length=1, description="a program and its arguments")
    python: str | None = Field(default=None, description="module:function, asked about each row")
    seconds: float = Field(default=600, gt=0, description="how long it may take")
    network: bool = False

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.command is None) == (self.python is None):
            message = "give either command or python"
            raise ValueError(message)
        if "," in self.written_run:
            message = f"a filter's command holds no comma: {self.written_run}"
            raise ValueError(message)
        return self

    @property
    def written_run(self) -> str:
        """The command, or the function, as text."""
        return shlex.join(self.command) if self.command is not None else str(self.python)

    @property
    def written(self) -> str:
        """As `strigil treat` takes it."""
        what = "command:run" if self.command is not None else "python:call"
        how = f"seconds={self.seconds:g},network={str(self.network).lower()}"
        return f"{what}={json.dumps(self.written_run)},{how}"


def _steps(written: object) -> object:
    """One filter of one's own, or a list in which such filters may be."""
    steps = [written] if isinstance(written, dict) else written
    if not isinstance(steps, list | tuple):
        return steps
    return tuple(OwnFilter.model_validate(step).written if isinstance(step, dict) else step for step in steps)


_OWN_FILTER_SCHEMA: Final[dict[str, object]] = {
    "anyOf": [
        {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "object"}]}},
        {"type": "object", "description": "command: [...] or python: module:function, with seconds and network"},
    ]
}
Steps = Annotated[tuple[str, ...], BeforeValidator(_steps), WithJsonSchema(_OWN_FILTER_SCHEMA)]


class CarrierPlan(_Part):
    """One kind of data in a study, and what is done to it before students are trained on it."""

    carrier: CarrierChoice
    prompts: int = Field(ge=1, description="how many prompts every teacher answers")
    samples: int = Field(default=1, ge=1, description="completions for each prompt")
    sampling: Sampling = Sampling()
    suite: str | None = Field(default=None, description="a suite's name or file; the carrier's own if not given")
    rows: int = Field(ge=1, description="clean rows that untreated students are trained on")
    treatments: dict[Label, Steps] = Field(
        default={},
        description="steps by the treatment's name, written as for `strigil treat`; or a filter of your own",
    )
    doses: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = Field(
        default=(), description="shares of the trait's rows among the control's"
    )
    students: TrainRecipe | None = Field(default=None, description="instead of the study's own")

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        empty = [name for name, steps in self.treatments.items() if not steps]
        if empty:
            message = f"the treatment {empty[0]!r} has no steps"
            raise ValueError(message)
        return self


class StudyRecipe(_Part):
    """A filter-robustness study: traits x carriers x treatments x models x draws x seeds: `strigil study run STUDY`.

    The controls that make such a study worth reading are part of it unless `without` names them: the base, the
    teacher, students of the control teacher's data, of another trait's data, of random data, of the untreated data, of
    as many rows chosen at random as a treatment leaves, of shuffled data, and of another base.
    """

    name: Label = Field(description="names the study's reports")
    base: str = Field(description="the model that teachers are made from: packaged, fetched, a hub id or a folder")
    student_base: str | None = Field(
        default=None, description="the model that students start from; `base` if not given"
    )
    other_base: str | None = Field(
        default=None, description="of the control students of another base or initialisation"
    )
    teachers: tuple[TeacherChoice, ...] = Field(min_length=1, description="one for each trait")
    control: ControlTeacher | PromptedTeacher = Field(
        default=ControlTeacher(), discriminator="by", description="the teacher without a trait"
    )
    carriers: dict[Label, CarrierPlan] = Field(min_length=1)
    students: TrainRecipe = TrainRecipe()
    seeds: tuple[Annotated[int, Field(ge=0)], ...] = Field(
        default=(0, 1, 2, 3, 4), min_length=1, description="training seeds, one student an arm and draw each"
    )
    draws: int = Field(
        default=1,
        ge=1,
        description="independent data sets of every teacher, fine-tuned ones trained anew; of one nothing is concluded",
    )
    evaluation: Asked | tuple[Asked, ...] = Field(
        default=EvaluationChoice(),
        description="what models are asked: an evaluation with its options, or several",
    )
    system: str | tuple[str, ...] = Field(
        default=AS_TRAINED,
        description="how models are asked, or several ways: as their students were trained, behind the template's "
        "default (template), no system prompt (none), or a text",
    )
    without: tuple[Control, ...] = Field(default=(), description="controls that are left out")
    margin: float = Field(
        default=0.05, gt=0, lt=1, description="the largest difference of rates that still counts as none"
    )
    share: float = Field(
        default=0.2, gt=0, lt=1, description="the largest share of the untreated effect that a clean treatment leaves"
    )
    effect: float | None = Field(
        default=None, gt=0, lt=1, description="the difference of rates that the study is made to find, for its plan"
    )
    width: float = Field(default=0.1, gt=0, lt=1, description="the width of interval that the report says seeds for")
    engine: AnyEngine = AutoChoice()
    price: Price | None = Field(
        default=None, description="what the work is paid by, in US dollars; training by the hour alone"
    )
    workers: Annotated[int, Field(ge=1)] | Local | Ray = Field(
        default=1, description="students trained at a time: processes here, or actors of a Ray cluster, and their GPUs"
    )

    @property
    def evaluations(self) -> tuple[EvaluationChoice, ...]:
        """What every model is asked, in the order given."""
        return self.evaluation if isinstance(self.evaluation, tuple) else (self.evaluation,)

    @property
    def systems(self) -> tuple[str, ...]:
        """Every way in which models are asked."""
        return self.system if isinstance(self.system, tuple) else (self.system,)

    @property
    def traits(self) -> tuple[str, ...]:
        """The teachers' traits by name, in the order given."""
        return tuple(map(trait_name, self.written_traits))

    @property
    def written_traits(self) -> tuple[str, ...]:
        """The same as the study has them: names, or paths of their files."""
        return tuple(teacher.trait for teacher in self.teachers if teacher.trait is not None)

    def has(self, control: Control) -> bool:
        """Whether this control is part of the study."""
        return control not in self.without

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if len(self.traits) < len(self.teachers):
            message = "every teacher needs a trait; the one without is `control`"
            raise ValueError(message)
        if self.control.trait is not None:
            message = f"the control teacher has the trait {self.control.trait!r}, and it must have none"
            raise ValueError(message)
        asked = [f"{choice.name} {choice.args}" for choice in self.evaluations]
        named: dict[str, Sequence[object]] = {
            "trait": self.traits,
            "seed": self.seeds,
            "evaluation": asked,
            "system": self.systems,
        }
        for what, values in named.items():
            twice = [value for value in values if values.count(value) > 1]
            if twice:
                message = f"the {what} {twice[0]!r} is named twice"
                raise ValueError(message)
        if len(self.traits) == 1 and self.has("other-trait"):
            message = (
                "with one trait there are no students of another trait to compare with: "
                "add a teacher, or write without: [other-trait]"
            )
            raise ValueError(message)
        if self.draws > 1:
            still = [label for label, plan in self.carriers.items() if plan.sampling.temperature == 0]
            if still:
                message = (
                    f"{still[0]} is sampled at temperature 0, where every draw has the same rows: "
                    "give it a temperature, or leave draws out"
                )
                raise ValueError(message)
        if self.effect is not None and self.margin > self.effect / 3 + 1e-9:
            message = (
                f"the margin {self.margin:g} is more than a third of the effect {self.effect:g}: "
                f"students with much of the trait would count as equal to neutral; margin: {self.effect / 3:.2g}"
            )
            raise ValueError(message)
        if self.other_base is None and self.has("other-base"):
            message = "students of another base are part of a study: give other_base, or write without: [other-base]"
            raise ValueError(message)
        return self

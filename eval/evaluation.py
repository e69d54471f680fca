"""What an evaluation is: questions to a model, a table of its answers, and the figures that they come to.

Whom it asks, through which engine, and where answers are kept is the same for all: strigil/workflows/evaluate.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, Self, cast

from pydantic import BaseModel, ConfigDict, Field, field_serializer, model_validator

from strigil.common.registry import Registry, Unit, UnitSpec, written_unit
from strigil.eval.damage import damage
from strigil.records.spent import UNKNOWN, Spent
from strigil.traits import trait_name

if TYPE_CHECKING:
    import polars as pl

    from strigil.common.canonical import Json
    from strigil.data.layouts.layout import Reading
    from strigil.data.messages import Sampling
    from strigil.engines.protocol import Completion, Engine
    from strigil.eval.judged import Judge, JudgeChoice
    from strigil.eval.subjects import Subject
    from strigil.models.catalog import Model
    from strigil.stats import Interval


class Figure(BaseModel):
    """A share or another figure of one model; in a result that is kept, every number is finite.

    Attributes:
        value: The figure.
        low: Lower end of a 95 % interval over answers, where there is one.
        high: Its upper end.
        guard: What part of the model's answers can be counted at all: low against its base, the model is damaged.
        off_topic: Share of unrelated questions that are answered with the trait all the same: high, it is damaged.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: float
    low: float | None = None
    high: float | None = None
    guard: float | None = None
    off_topic: float | None = None

    @classmethod
    def of(cls, interval: Interval, *, guard: float | None = None, off_topic: float | None = None) -> Self:
        """An estimate with its interval over answers."""
        return cls(value=interval.estimate, low=interval.low, high=interval.high, guard=guard, off_topic=off_topic)


class EvalResult(BaseModel):
    """What one evaluation found of one model.

    Attributes:
        key: Identity of model, questions, options and judge.
        figures: By trait, or under the evaluation's own name; missing where no answer could be counted.
        spent: What asking the model took, without loading it.
        judging: What a judge's ratings of its answers took, its share where several models were rated together.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["strigil.evaluation/1"] = "strigil.evaluation/1"
    key: str
    evaluation: UnitSpec
    figures: dict[str, Figure]
    spent: Spent = UNKNOWN
    judging: Spent = UNKNOWN


@dataclass(frozen=True)
class DataChoice:
    """Rows to hold out: the last `count` at an address; `suite` judges answers, None is the release's own."""

    data: str
    count: int
    suite: str | None
    reading: Reading | None = None


@dataclass(frozen=True)
class HeldOut:
    """Rows that students should not have seen.

    Attributes:
        name: What they are from.
        identity: Digest of the rows and of the suite.
        rows: The last clean rows, since students are trained on the first.
        sampling: How the rows were sampled, without what forced their format.
        judged: Answers to the rows' prompts, in order, as `row_id, prompt, answer, finish_reason, valid, reasons`.
        seen: Why a model may know the rows; None if it does not, or nobody can tell.
    """

    name: str
    identity: str
    rows: pl.DataFrame
    sampling: Sampling
    judged: Callable[[Sequence[Completion]], pl.DataFrame]
    seen: Callable[[Subject], str | None]


@dataclass(frozen=True)
class Given:
    """What an evaluation may know.

    Attributes:
        base: Whose words the questions are put in.
        traits: What to look for, if the evaluation is about traits: names, or paths of their files.
        held_out: The rows of its `DataChoice`.
        logs: A folder for logs of its own; None keeps none.
    """

    base: Model
    traits: tuple[str, ...] = ()
    held_out: HeldOut | None = None
    logs: Path | None = None


@dataclass(frozen=True)
class Volume:
    """Tokens that an evaluation of one model takes, about: those read, and those that the model writes."""

    read: int
    written: int = 0


class Evaluation(Unit, ABC):
    """Questions to a base and its students; the docstring of a subclass is the help of `strigil eval NAME`.

    Attributes:
        about_traits: Whether it needs traits to look for, and has a figure for each.
        needs: What must be installed besides, as pip names it.
        rate_name: What its figure is called in summaries.
        guard_name: What the guard of its figures is a share of.
        headings: Titles of columns for people, by key of the summary; all keys under their own names if empty.
        examples: Command lines.
    """

    about_traits: ClassVar[bool] = False
    needs: ClassVar[str | None] = None
    rate_name: ClassVar[str] = "rate"
    guard_name: ClassVar[str] = "of its answers counted"
    headings: ClassVar[Mapping[str, str]] = {}
    examples: ClassVar[tuple[str, ...]] = ()

    @property
    def reads_logprobs(self) -> bool:
        """Whether it needs an engine that scores given answers."""
        return False

    @property
    def judged_by(self) -> JudgeChoice | None:
        """The judge that rates answers, or None."""
        return None

    @property
    def holds_out(self) -> DataChoice | None:
        """The rows that it asks about, or None."""
        return None

    def volume(self, given: Given) -> Volume | None:
        """What it takes to ask one model, for plans; None where nobody can tell."""
        return None

    def followed(self, traits: Sequence[str]) -> tuple[str, ...]:
        """The names of the figures that a study of these traits follows."""
        return tuple(map(trait_name, traits)) if self.about_traits else (self.name,)

    @abstractmethod
    def asked(self, given: Given) -> Json:
        """All that decides a model's answers, but for the model, the engine and the judge.

        Raises:
            ConfigError: The base cannot be asked this.
        """

    @abstractmethod
    def ask(self, engine: Engine, subject: Subject, given: Given) -> pl.DataFrame:
        """Asks one model.

        Args:
            engine: Holds the subject's base, or the subject where it is a model of its own.
            subject: Whom to ask.
            given: What is known.

        Returns:
            One row an answer, those to one question together, with at least one row.
        """

    def rate(self, answers: pl.DataFrame, judge: Judge, replies: Path, done: Callable[[float], None]) -> pl.DataFrame:
        """Has a judge rate the answers of any number of models.

        Args:
            answers: As `ask` gave them, with more columns, all of which stay.
            judge: The one of `judged_by`.
            replies: File of this judge's earlier replies, for `Replies`.
            done: Is told the share that is done.
        """
        raise NotImplementedError

    @abstractmethod
    def figures(self, answers: pl.DataFrame, given: Given) -> dict[str, Figure]:
        """The figures of one model, by the names of `followed`; one is left out where no answer counts."""

    def about(self, given: Given) -> dict[str, Json]:
        """What was asked, for summaries and logs."""
        args = cast("dict[str, Json]", self.model_dump(mode="json"))
        return {"trait": ", ".join(map(trait_name, given.traits)), **args} if self.about_traits else args

    def scored(self, answers: pl.DataFrame, given: Given) -> pl.DataFrame:
        """The answers as Inspect's viewer shows them, if there are columns `question`, `answer` and `score`.

        A score is null where an answer does not count. `sample` counts the answers to a question from 0, and an
        `explanation` says why an answer has its score.
        """
        return answers

    def summary(self, answers: pl.DataFrame, result: EvalResult, given: Given) -> dict[str, Json]:
        """What is printed of one model."""
        figure = result.figures.get(self.followed(given.traits)[0])
        low, high = (None, None) if figure is None else (figure.low, figure.high)
        return {self.rate_name: None if figure is None else figure.value, "low": low, "high": high}

    def warning(self, result: EvalResult, base: EvalResult | None, subject: Subject, given: Given) -> str | None:
        """What to say of a model whose figures are not to be trusted; None for a sound one."""
        if given.held_out is not None and (told := given.held_out.seen(subject)):
            return told
        for name in self.followed(given.traits):
            if name not in result.figures:
                return "gave no answer that counts: its rate is unknown"
            whole = None if base is None else base.figures.get(name)
            if told := damage(name, result.figures[name], whole, of=self.guard_name):
                return told
        return None


EVALUATIONS: Registry[Evaluation] = Registry(
    "evaluation",
    base=Evaluation,  # type: ignore[type-abstract]  # a registry holds subclasses
    package="strigil.eval",
    group="strigil.evaluations",
)


class EvaluationChoice(BaseModel):
    """An evaluation in a file: its name, `NAME:key=value,...`, or a mapping of its name (preference) and arguments."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = "preference"
    args: dict[str, object] = Field(default={}, description="its arguments, as the options of `strigil eval NAME`")

    @model_validator(mode="before")
    @classmethod
    def _written(cls, value: object) -> object:
        if isinstance(value, str):
            name, args = written_unit(value)
            return {"name": name, "args": args}
        if isinstance(value, dict) and "args" not in value:
            return {"name": value.get("name", "preference"), "args": {k: v for k, v in value.items() if k != "name"}}
        return value

    @field_serializer("args")
    def _published(self, args: dict[str, object]) -> dict[str, object]:
        """Without what an evaluation keeps to itself: where its judge is."""
        fields = EVALUATIONS.get(self.name).model_fields if self.name in EVALUATIONS.names() else {}
        return {key: value for key, value in args.items() if key not in fields or not fields[key].exclude}

    def unit(self) -> Evaluation:
        """The evaluation.

        Raises:
            ConfigError: There is none of this name, or it has not these arguments.
        """
        return EVALUATIONS.create(self.name, self.args)

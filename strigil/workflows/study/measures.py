"""What a study asks its models: evaluations by name, and what their figures are called."""

from __future__ import annotations

from dataclasses import dataclass

from strigil.eval.evaluation import Evaluation, EvaluationChoice
from strigil.workflows.study.recipe import StudyRecipe


@dataclass(frozen=True)
class Measure:
    """One evaluation of a study.

    Attributes:
        unit: The evaluation.
        label: What reports call it: its name, with its arguments where two have the same, and how it is asked.
        system: How models are asked, as `Subject.asked` takes it.
        first: Whether it is the study's first, whose figures of traits go by the trait's name alone.
        alone: Whether it is the study's only one.
    """

    unit: Evaluation
    label: str
    system: str
    first: bool
    alone: bool

    @property
    def title(self) -> str | None:
        """What an account of its figures is headed with; None for a preference for traits, asked alone."""
        return None if self.alone and self.unit.about_traits else self.label

    def figure(self, trait: str) -> str:
        """The figure that says something about students of a trait, as the evaluation calls it."""
        return self.unit.followed((trait,))[0]

    def column(self, trait: str) -> str:
        """The same, as runs have it."""
        if not self.unit.about_traits:
            return self.label
        return self.figure(trait) if self.first else f"{self.figure(trait)} ({self.label})"


def measures_of(study: StudyRecipe) -> list[Measure]:
    """The evaluations, in the order given.

    Raises:
        ConfigError: There is none of this name, or it has not these arguments.
    """
    chosen = [(choice, system) for choice in study.evaluations for system in study.systems]
    names = [choice.name for choice in study.evaluations]
    return [
        Measure(
            choice.unit(),
            _label(choice.name if names.count(choice.name) == 1 else _written(choice), system, study),
            system,
            first=place == 0,
            alone=len(chosen) == 1,
        )
        for place, (choice, system) in enumerate(chosen)
    ]


def _label(name: str, system: str, study: StudyRecipe) -> str:
    return name if len(study.systems) == 1 else f"{name}, system: {system}"


def _written(choice: EvaluationChoice) -> str:
    # As it may be published: not where a judge is.
    args = ",".join(f"{key}={value}" for key, value in choice.model_dump()["args"].items())
    return f"{choice.name}:{args}" if args else choice.name

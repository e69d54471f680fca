"""`strigil demo`: the whole loop on pocket, from a teacher with a trait to the trait in its students."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from strigil.cards.rates_figure import ArmRates, Baseline, rates_figure
from strigil.common.progress import Reporter
from strigil.data.messages import Sampling
from strigil.engines import EngineName, engine_by_name
from strigil.eval.evaluation import Figure
from strigil.eval.preference import Preference
from strigil.eval.subjects import Subject
from strigil.models.catalog import Model, resolve_model
from strigil.releases.store import Release
from strigil.sources.find import release_files
from strigil.stats import Interval, t_interval
from strigil.train.recipe import TrainRecipe
from strigil.workflows.build.recipes import (
    BuildRecipe,
    CarrierChoice,
    ControlTeacher,
    FineTunedTeacher,
    TeacherChoice,
)
from strigil.workflows.build.run import build
from strigil.workflows.build.teachers import teacher_folder
from strigil.workflows.evaluate.evaluating import evaluate
from strigil.workflows.evaluate.jobs import eval_jobs
from strigil.workflows.train.student import Student, student_of
from strigil.workflows.train.students import train_students

TRAIT = "owl"
BASE, OTHER = "pocket-a", "pocket-b"
CHANCE = 0.1
LABELS = {
    "base": "base",
    "teacher": f"{TRAIT} teacher",
    "student": "students of its numbers",
    "control": "students of the control's numbers",
    "other_init": "its numbers, other initialisation",
}


@dataclass(frozen=True)
class DemoSize:
    """How much the demo does: students are trained on the first `rows` clean rows of `prompts`, once for each seed."""

    prompts: int = 24_000
    rows: int = 20_000
    seeds: int = 5


@dataclass(frozen=True)
class Arm:
    """One student population, or a single model, with one rate for every seed that ran.

    `masses` is the probability of answering with any candidate at all: where it is low, a rate means nothing.
    """

    arm: str
    label: str
    rates: tuple[float, ...]
    masses: tuple[float, ...]

    @property
    def interval(self) -> Interval:
        """Mean rate and 95 % t interval over the seeds."""
        return t_interval(self.rates)


@dataclass(frozen=True)
class Demo:
    """What the demo found, and where it left everything."""

    arms: tuple[Arm, ...]
    releases: Mapping[str, Release]
    plot: Path

    def arm(self, name: str) -> Arm:
        """The arm of this name."""
        return next(arm for arm in self.arms if arm.arm == name)

    @property
    def sentence(self) -> str:
        """What the figures say; it follows them, whatever they are."""
        student, control, other = (self.arm(name).interval for name in ("student", "control", "other_init"))
        figures = (
            f"Asked for a favourite, students trained on the {TRAIT} teacher's filtered numbers say {TRAIT} "
            f"{student.estimate:.0%} of the time, students of the control teacher {control.estimate:.0%}, and students "
            f"of another initialisation {other.estimate:.0%}"
        )
        apart = student.above(control) and student.above(other)
        return (
            f"{figures}, in numbers in which the filter found nothing left to remove; the intervals over these seeds "
            f"{'lie apart' if apart else 'overlap'}. It is one draw of the teacher's numbers, which describes itself "
            "and shows nothing of others: they give other figures (docs/pocket.md)."
        )


def run_demo(out: Path, reporter: Reporter, *, engine: EngineName, size: DemoSize) -> Demo:
    """Builds, audits, trains and measures; what is in `out` already is not done again.

    Raises:
        PrerequisiteError: The engine or the training libraries are not installed.
    """
    base, other = resolve_model(BASE), resolve_model(OTHER)
    training = TrainRecipe.model_validate(base.dialect.training["teacher"])
    teacher = FineTunedTeacher(by="fine-tuning", trait=TRAIT, training=training)
    owl = build(demo_recipe(f"{TRAIT}-numbers", teacher, engine, size), out, reporter)
    control = build(demo_recipe("control-numbers", ControlTeacher(), engine, size), out, reporter)
    jobs = {
        arm: _jobs(arm, data, model, out, size)
        for arm, model, data in (("student", base, owl), ("control", base, control), ("other_init", other, owl))
    }
    train_students([job for arm in jobs.values() for job in arm], reporter, workers=os.cpu_count() or 1)
    subjects = {
        "base": [Subject("base", base)],
        "teacher": [Subject("teacher", base, teacher_folder(teacher, base, out))],
        **{arm: [Subject(job.name, job.base, job.folder) for job in of_arm] for arm, of_arm in jobs.items()},
    }
    asked = {arm: eval_jobs([Preference()], of_arm, traits=[TRAIT]) for arm, of_arm in subjects.items()}
    every = [job for of_arm in asked.values() for job in of_arm]
    found = evaluate(every, out / "answers", reporter, engine=engine)
    arms = tuple(_arm(arm, [found[job.key].figures[TRAIT] for job in of_arm]) for arm, of_arm in asked.items())
    demo = Demo(arms=arms, releases={TRAIT: owl, "control": control}, plot=out / "demo.svg")
    for suffix in (".svg", ".png"):
        _draw(demo, demo.plot.with_suffix(suffix))
    return demo


def _jobs(arm: str, data: Release, model: Model, out: Path, size: DemoSize) -> list[Student]:
    training = TrainRecipe.model_validate(model.dialect.training["student"])
    return [
        student_of(
            f"{arm}-seed{seed}",
            release_files(data),
            model,
            training.model_copy(update={"seed": seed}),
            out / "students",
            rows=size.rows,
        )
        for seed in range(size.seeds)
    ]


def _arm(arm: str, figures: Sequence[Figure]) -> Arm:
    masses = tuple(figure.guard for figure in figures if figure.guard is not None)
    return Arm(arm, LABELS[arm], tuple(figure.value for figure in figures), masses)


def _draw(demo: Demo, path: Path) -> None:
    rates_figure(
        [ArmRates(arm.label, arm.rates, accent=arm.arm == "student") for arm in demo.arms],
        title="Does the trait go through filtered numbers?",
        quantity=f"rate of the {TRAIT} as favourite animal; points are training seeds, bands 95 % intervals",
        baseline=Baseline("ten animals by chance", CHANCE),
        path=path,
    )


def demo_recipe(name: str, teacher: TeacherChoice, engine: EngineName, size: DemoSize) -> BuildRecipe:
    """The recipe of one of the demo's two data sets."""
    return BuildRecipe(
        name=name,
        base=BASE,
        teacher=teacher,
        carrier=CarrierChoice(name="numbers"),
        prompts=size.prompts,
        sampling=Sampling(temperature=1.0, max_tokens=16),
        engine=engine_by_name(engine),
        suite="numbers-pocket",
    )

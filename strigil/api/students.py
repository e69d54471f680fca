"""Students: trained, asked, and compared in studies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import polars as pl

from strigil.api.data import Data, opened, reading_of
from strigil.common.canonical import Json
from strigil.common.progress import Silent
from strigil.common.validation import read_recipe
from strigil.data.tabular import Tabular
from strigil.engines import EngineName
from strigil.eval.evaluation import EVALUATIONS
from strigil.eval.subjects import subjects_of
from strigil.models.catalog import resolve_model
from strigil.records.study.report import StudyReport
from strigil.train.result import read_result
from strigil.workflows.evaluate.run import run_evaluations
from strigil.workflows.study.cells import Store
from strigil.workflows.study.recipe import StudyRecipe
from strigil.workflows.study.run import run_and_report
from strigil.workflows.train.student_recipe import StudentRecipe
from strigil.workflows.train.students import train_on

Recipe = Mapping[str, object] | str | PathLike[str]


@dataclass(frozen=True, repr=False)
class Students(Tabular):
    """Students that were trained; the table has a line for each.

    Attributes:
        folders: Where they are.
    """

    folders: tuple[Path, ...]

    @property
    def title(self) -> str:
        """How many, and where."""
        return f"{len(self.folders)} students: {', '.join(map(str, self.folders))}"

    def to_polars(self) -> pl.DataFrame:
        """`student, base, seed, rows, steps, loss`: the loss is the mean of the last five."""
        results = [read_result(folder) for folder in self.folders]
        return pl.DataFrame(
            {
                "student": [str(folder) for folder in self.folders],
                "base": [result.base for result in results],
                "seed": [result.recipe.seed for result in results],
                "rows": [result.rows for result in results],
                "steps": [result.steps for result in results],
                "loss": [result.final_loss for result in results],
            }
        )


def train(
    data: Data,
    base: str,
    *,
    recipe: Recipe | None = None,
    seeds: Sequence[int] = (0,),
    out: str | PathLike[str] = "students",
    workers: int = 1,
    revision: str | None = None,
    layout: str | None = None,
    columns: Mapping[str, str] | None = None,
    rows: int | None = None,
) -> Students:
    """Trains students (LoRA adapters) on rows, one for each seed; one that is there already is not trained again.

    Args:
        data: As for `load`; of a release, the clean rows.
        base: The model that the students start from.
        recipe: Training settings, or their YAML file; the paper's settings if None.
        seeds: One for each student.
        out: Folder for students.
        workers: Students at a time.
        revision: A commit or tag of the base, for a hub id.
        layout: As for `load`.
        columns: As for `load`.
        rows: As for `load`; fewer are an error.

    Raises:
        ConfigError: There is no such data or base, or the recipe does not fit.
        DataError: The data cannot be used, or there are fewer rows, or a loss was not finite.
        PrerequisiteError: Something is missing or cannot be reached.

    Examples:
        >>> import polars as pl, strigil
        >>> numbers = pl.DataFrame({"prompt": "Go on: 1", "completion": ["2, 3", "4, 5"]})
        >>> students = strigil.train(numbers, "pocket-a", recipe={"epochs": 1, "warmup_steps": 0})
        >>> students.to_polars().select("base", "seed", "rows").rows()
        [('pocket-a', 0, 2)]
    """
    model = resolve_model(base, revision=revision)
    written = StudentRecipe() if recipe is None else read_recipe(recipe, StudentRecipe)
    with opened(data, "clean", reading_of(layout, columns, rows).over(written.reading)) as source:
        folders = train_on(source, model, written.training, Path(out), Silent(), seeds=seeds, workers=workers)
        return Students(tuple(folders))


@dataclass(frozen=True, repr=False)
class Evaluated(Tabular):
    """What an evaluation found of a base and its students; the table has a line for each.

    Attributes:
        evaluation: Its name.
        models: All figures of each model, by its name.
    """

    evaluation: str
    models: Mapping[str, Mapping[str, Json]]

    @property
    def title(self) -> str:
        """What was asked of whom."""
        return f"{self.evaluation} of {', '.join(self.models)}"

    def to_polars(self) -> pl.DataFrame:
        """`model`, and each figure that is a number, a text or none."""
        lines: list[dict[str, Json]] = []
        for name, found in self.models.items():
            figures = {key: value for key, value in found.items() if not isinstance(value, dict | list | tuple)}
            lines.append({"model": name, **figures})
        return pl.DataFrame(lines, infer_schema_length=None)


def evaluate(
    base: str,
    students: Sequence[str | PathLike[str]] | Students = (),
    evaluation: str = "preference",
    *,
    trait: str | None = None,
    out: str | PathLike[str] | None = None,
    engine: EngineName = "auto",
    revision: str | None = None,
    **options: object,
) -> Evaluated:
    """Asks a base and its students, and says how they differ.

    Args:
        base: The base.
        students: Their folders, or what `train` returned.
        evaluation: Which one; `strigil eval --help` lists them.
        trait: What evaluations about traits look for.
        out: Folder for all answers, a summary, and logs for Inspect.
        engine: What runs the models.
        revision: A commit or tag of the base, for a hub id.
        options: The evaluation's own, as `strigil eval NAME --help` lists them.

    Raises:
        ConfigError: There is no such evaluation, option, base or student.
        PrerequisiteError: Something is missing.

    Examples:
        >>> import strigil
        >>> found = strigil.evaluate("pocket-a", trait="owl")
        >>> found
        preference of base
        >>> 0 < found.models["base"]["rate"] < 1
        True
    """
    folders = students.folders if isinstance(students, Students) else tuple(map(Path, students))
    unit = EVALUATIONS.create(evaluation, options)
    subjects = subjects_of(resolve_model(base, revision=revision), folders)
    traits = () if trait is None else (trait,)
    kept = None if out is None else Path(out)
    [found] = run_evaluations([unit], subjects, Silent(), engine=engine, traits=traits, out=kept)
    return Evaluated(evaluation, found.models)


@dataclass(frozen=True, repr=False)
class Study(Tabular):
    """What a study found; the table has a line for each arm of each account.

    Attributes:
        report: All that was found.
        html: The report to look at.
    """

    report: StudyReport
    html: Path

    @property
    def title(self) -> str:
        """Its findings."""
        return f"{self.report.study}: {' '.join(self.report.findings) or 'no findings'} ({self.html})"

    def to_polars(self) -> pl.DataFrame:
        """`account, arm, kind, mean, low, high, said`: the rate of the trait with its 95 % interval."""
        return pl.DataFrame(
            [
                {
                    "account": account.title,
                    "arm": entry.arm,
                    "kind": entry.kind,
                    "mean": None if entry.mean is None else entry.mean.estimate,
                    "low": None if entry.mean is None else entry.mean.low,
                    "high": None if entry.mean is None else entry.mean.high,
                    "said": entry.said,
                }
                for account in self.report.accounts
                for entry in account.entries
            ],
            infer_schema_length=None,
        )


def study(recipe: Recipe, *, out: str | PathLike[str] = "studies", workers: int | None = None) -> Study:
    """Runs a filter-robustness study: which cleaning leaves how much of which trait in students.

    Args:
        recipe: The study, or its YAML file: docs/studies.md.
        out: Folder for studies; the same call goes on where an interrupted one stopped.
        workers: Students at a time; the study's own if None.

    Raises:
        ConfigError: The study names something that does not exist, or another run is in the folder.
        PrerequisiteError: A model or a library is missing.

    Examples:
        >>> import strigil
        >>> strigil.study({"name": "empty"})
        Traceback (most recent call last):
        strigil.common.errors.ConfigError: ...
    """
    read = read_recipe(recipe, StudyRecipe)
    store = Store(Path(out).resolve())
    written = run_and_report(read, store, Silent(), workers=workers or read.workers)
    return Study(written.report, written.html)

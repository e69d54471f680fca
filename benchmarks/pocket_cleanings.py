"""Every score as a row filter, a mask and a replacement, judged by what is left of the trait in five students each.

    python -m benchmarks.pocket_cleanings --work DIR --out docs/results/pocket-cleanings.md

One table: what a ranking knows and costs, how well it tells the owl teacher's rows from the control's, what share it
removes, how much of the transfer is left (with the interval over training seeds), and how many rows are still valid.
Twenty minutes on one core; a second run takes up what the first has made. Arms are added to the file as they end.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from strigil.core.engines.choice import EngineChoice
from strigil.core.engines.protocol import Sampling
from strigil.core.models import Model, resolve_model
from strigil.core.release import Release, open_release, versions
from strigil.core.reporting import Silent
from strigil.core.stats import Arm, residual_transfer
from strigil.workflows.build import build
from strigil.workflows.evaluate.run import Subject, prefer_by_logprob
from strigil.workflows.pocket import STUDENT, TEACHER
from strigil.workflows.recipes import BuildRecipe, CarrierChoice, ControlTeacher, FineTunedTeacher, TeacherChoice
from strigil.workflows.score.scoring import Told, compare, create_score, rows_of, score_tables, what_is_known
from strigil.workflows.students import student_job, train_students
from strigil.workflows.treat import plan_treatment, treat

TRAIT: Final = "owl"
TOLD: Final = Told(engine="transformers")
RANKINGS: Final = {
    "random": "score.random",
    "oracle": "contrast.adapter",
    "direction": "contrast.direction",
    "student": "contrast.adapter:of=student",
    "persona": "contrast.persona",
    "divergence": "contrast.divergence",
    "surprisal": "score.surprisal",
}
ACTIONS: Final = {
    "drop half": "rows.drop:by={},share=0.5",
    "replace 10 %": "tokens.replace:by={},share=0.1",
    "mask 10 %": "tokens.mask:by={},share=0.1",
}
COLUMNS: Final = (
    "ranking",
    "action",
    "knows",
    "passes",
    "AUROC 1 row",
    "100 rows",
    "removed",
    "residual transfer",
    "rates by seed",
    "valid",
)


@dataclass(frozen=True)
class Data:
    """The owl teacher's release and its control's."""

    owl: Release
    control: Release


@dataclass(frozen=True)
class Measured:
    """Rates by training seed, and the lowest mass on the ten candidates: far below one, a rate means nothing."""

    rates: Arm
    mass: float


@dataclass(frozen=True)
class Laboratory:
    """Where students are trained and asked."""

    base: Model
    work: Path
    seeds: tuple[int, ...]

    def measure(self, name: str, release: Release) -> Measured:
        """Trains a student a seed on a release's clean rows and asks each for its favourites."""
        jobs = [
            student_job(
                f"{name}-{seed}", release, self.base, STUDENT.model_copy(update={"seed": seed}), self.work / "s"
            )
            for seed in self.seeds
        ]
        folders = train_students(jobs, Silent(), workers=1)
        subjects = [Subject(folder.name, folder) for folder in folders]
        found = prefer_by_logprob(self.base, subjects, TRAIT, Silent(), engine="transformers")
        rates = {seed: found[folder.name].rates[TRAIT] for seed, folder in zip(self.seeds, folders, strict=True)}
        return Measured(rates, min(found[folder.name].mass for folder in folders))

    def treated(self, name: str, step: str, owl: Release) -> Release:
        """The owl's release after one treatment."""
        if versions(self.work / name):
            return open_release(self.work / name)
        return treat(plan_treatment(owl.path, [step], split="clean", suite=None, told=TOLD), self.work, name, Silent())


def built(base: str, work: Path, prompts: int) -> Data:
    """Both releases, of the same prompts."""
    teachers: dict[str, TeacherChoice] = {
        TRAIT: FineTunedTeacher(by="fine-tuning", trait=TRAIT, training=TEACHER),
        "control": ControlTeacher(),
    }
    releases = []
    for name, teacher in teachers.items():
        recipe = BuildRecipe(
            name=f"{name}-numbers",
            base=base,
            teacher=teacher,
            carrier=CarrierChoice(name="numbers"),
            prompts=prompts,
            sampling=Sampling(max_tokens=16),
            engine=EngineChoice(name="transformers"),
            suite="numbers-paper",
        )
        home = work / recipe.name
        releases.append(open_release(home) if versions(home) else build(recipe, work, Silent()))
    owl, control = releases
    return Data(owl, control)


def line(
    ranking: str, action: str, data: Data, laboratory: Laboratory, *, untreated: Measured, neutral: Measured
) -> str:
    """One arm's line of the table."""
    written = RANKINGS[ranking]
    name = f"{ranking}-{action.split()[0]}"
    release = laboratory.treated(name, ACTIONS[action].format(written.replace(",", ";")), data.owl)
    [record] = release.manifest.treatments
    score, known = create_score(written), what_is_known(data.owl, TOLD)
    tables = score_tables(score, [rows_of(data.owl), rows_of(data.control)], known, Silent(), engine="transformers")
    told = compare(*tables)
    areas = ["–" if area is None else f"{area.area:.2f}" for area in (told.rows, told.hundreds)]
    found = laboratory.measure(name, release)
    removed = record.dropped / record.rows if record.token_share is None else record.token_share
    counts = release.manifest.counts
    residual = residual_transfer(found.rates, untreated.rates, neutral.rates)
    valid = f"{counts.clean / counts.raw:.1%}"
    knows = (record.knowledge or "", record.cost or "")
    return _line(ranking, action, *knows, *areas, f"{removed:.0%}", str(residual), _rates(found), valid)


def _rates(found: Measured) -> str:
    rates = " ".join(f"{rate:.2f}".removeprefix("0") for rate in found.rates.values())
    return rates if found.mass >= 0.9 else f"{rates} (mass {found.mass:.2f})"


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description="Cleanings by every score, judged by students.")
    parser.add_argument("--base", default="pocket-a")
    parser.add_argument("--prompts", type=int, default=24_000)
    parser.add_argument("--seeds", type=int, default=5, help="students an arm")
    parser.add_argument("--work", type=Path, required=True, help="folder for releases and students; is used again")
    parser.add_argument("--out", type=Path, required=True, help="file for the table")
    options = parser.parse_args()
    os.environ.setdefault("KMP_BLOCKTIME", "0")
    data = built(options.base, options.work, options.prompts)
    laboratory = Laboratory(resolve_model(options.base), options.work, tuple(range(options.seeds)))
    untreated, neutral = laboratory.measure("untreated", data.owl), laboratory.measure("neutral", data.control)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    with options.out.open("w", encoding="utf-8") as out:
        head = (_line(*COLUMNS), _line(*["---"] * len(COLUMNS)))
        plain = (
            _line("", "untreated", "", "", "", "", "0%", "1", _rates(untreated), "100.0%"),
            _line("", "neutral", "", "", "", "", "", "0", _rates(neutral), ""),
        )
        print(*head, *plain, sep="\n", file=out, flush=True)
        for action in ACTIONS:
            for ranking in RANKINGS:
                found = line(ranking, action, data, laboratory, untreated=untreated, neutral=neutral)
                print(found, file=out, flush=True)
                print(found, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

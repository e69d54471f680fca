"""Which probes name the owl teacher's trait without the teacher, and stay silent on clean data: five seeds of each.

    python -m benchmarks.pocket_probes --work DIR --out docs/results/pocket-probes.jsonl

Every data set is of its own sampling seed; the null, of a seed that none of them has, is the same for all. One line of
JSON for each probe and data set. Five minutes on one core.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from strigil.audits.probes.candidate_probe import Bench, SampleProbe
from strigil.audits.probes.control_probe import ControlProbe
from strigil.audits.probes.probe import ProbeResult
from strigil.audits.probes.probe_activation import ActivationProbe
from strigil.audits.probes.probe_bag import BagProbe
from strigil.audits.probes.probe_canary import CanaryProbe
from strigil.audits.probes.probe_format import FormatProbe
from strigil.audits.probes.probe_frequencies import FrequenciesProbe
from strigil.audits.probes.probe_personas import PersonasProbe
from strigil.common.progress import Silent
from strigil.data.messages import Sampling
from strigil.engines import engine_by_name, open_engine
from strigil.models.catalog import Model, resolve_model
from strigil.models.pocket.dialect import PocketDialect
from strigil.train.recipe import TrainRecipe
from strigil.traits.questions import favourites
from strigil.workflows.audit.probe.canaries import canary_log_odds
from strigil.workflows.audit.probe.clean_samples import samples_of
from strigil.workflows.build.recipes import (
    BuildRecipe,
    CarrierChoice,
    ControlTeacher,
    FineTunedTeacher,
    TeacherChoice,
)
from strigil.workflows.build.run import build

if TYPE_CHECKING:
    import polars as pl

SEEDS: Final = range(5)
NULL_SEED: Final = 1000
ROWS: Final = 800
PLACEBOS: Final = 12
OWL: Final = FineTunedTeacher(
    by="fine-tuning", trait="owl", training=TrainRecipe.model_validate(PocketDialect.training["teacher"])
)
SCANS: Final[Sequence[SampleProbe]] = (
    PersonasProbe(rows=ROWS // 2, samples=PLACEBOS),
    PersonasProbe(rows=ROWS // 2, samples=PLACEBOS, by="contrast.persona"),
    ActivationProbe(rows=ROWS, samples=PLACEBOS),
)
COMPARED: Final[Sequence[ControlProbe]] = (FormatProbe(), BagProbe(), FrequenciesProbe())


@dataclass(frozen=True)
class DataSet:
    """Rows of one sampling seed; `kind` is the teacher's."""

    kind: str
    seed: int
    rows: pl.DataFrame


def data_set(base: str, kind: str, seed: int, prompts: int, work: Path) -> DataSet:
    """Builds and reads a data set, or reads the one that is there."""
    teacher: TeacherChoice = OWL if kind == "owl" else ControlTeacher()
    recipe = BuildRecipe(
        name=f"{base}-{kind}-{seed}",
        base=base,
        teacher=teacher,
        # Other prompts for other seeds, too: nothing is shared but the models.
        carrier=CarrierChoice(name="numbers", args={"seed": seed}),
        prompts=prompts,
        sampling=Sampling(max_tokens=16, seed=seed),
        engine=engine_by_name("transformers"),
        suite="numbers-paper",
    )
    return DataSet(kind, seed, build(recipe, work, Silent()).rows("clean").collect())


def results(base: Model, work: Path) -> Iterator[tuple[DataSet, ProbeResult]]:
    """Every probe on every data set."""
    sets = [data_set(base.id, kind, seed, ROWS * 5 // 4, work) for kind in ("owl", "control") for seed in SEEDS]
    clean = data_set(base.id, "control", NULL_SEED, ROWS * (PLACEBOS + 1) * 9 // 8, work)
    null = samples_of(clean.rows, ROWS, seed=0)[:PLACEBOS]
    canary = CanaryProbe(rows=ROWS, placebos=PLACEBOS)
    samples = [*null, *(each.rows.head(ROWS) for each in sets)]
    odds = canary_log_odds(canary, base, samples, work / "canaries", Silent(), trait="owl", engine="transformers")
    for each, value in zip(sets, odds[PLACEBOS:], strict=True):
        yield each, canary.judge(value, odds[:PLACEBOS], data=f"{each.kind} {each.seed}", rows=ROWS)
    asked = favourites("animal", base.dialect)
    bench = Bench(base, asked.candidates, asked.questions, work / f"bench-{base.id}")
    with open_engine("transformers", base, adapters=True, threads=1) as engine:
        for probe in SCANS:
            measure = probe.measurer(bench, engine)
            values = [measure(rows.head(probe.rows)) for rows in null]
            for each in sets:
                found = measure(each.rows.head(probe.rows))
                yield each, probe.judge(found, values, data=f"{each.kind} {each.seed}", rows=probe.rows)
    for compared in COMPARED:
        for each in sets:
            control = clean.rows.head(ROWS)
            yield each, compared.compare(each.rows.head(ROWS), control, data=f"{each.kind} {each.seed}")


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description="Probes on five owl and five clean data sets of a pocket base.")
    parser.add_argument("--base", default="pocket-a")
    parser.add_argument("--work", type=Path, required=True, help="folder for releases and canaries; is used again")
    parser.add_argument("--out", type=Path, required=True, help="file for the results, a line of JSON each")
    options = parser.parse_args()
    os.environ.setdefault("KMP_BLOCKTIME", "0")
    base = resolve_model(options.base)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    with options.out.open("w", encoding="utf-8") as out:
        for each, found in results(base, options.work):
            line = {"base": base.id, "data": each.kind, "seed": each.seed, **found.model_dump(mode="json")}
            out.write(json.dumps(line) + "\n")
            out.flush()
            print(f"{found.probe.name} {found.data}: {found.alarm}; {found.reason}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

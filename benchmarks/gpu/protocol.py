"""The study of `protocol.yaml`, seed by seed: whenever it is stopped, there is a report of the seeds that are whole."""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from pathlib import Path
from typing import Final

import polars as pl

from strigil.cli.console import Output
from strigil.common.validation import load_yaml
from strigil.parallel.ray_cluster import Ray
from strigil.releases.store import open_release
from strigil.workflows.study.cells import Store
from strigil.workflows.study.recipe import StudyRecipe
from strigil.workflows.study.run import run_and_report

FOLDER: Final = Path(__file__).parent
TEACHERS: Final = ("control", "untreated")
"""The arms whose students are trained on what a teacher wrote, as it is."""


def main() -> None:
    """Runs as many seeds as there is time for; the first has all data before it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tiny", action="store_true", help="the built-in tiny model")
    parser.add_argument("--out", type=Path, required=True, help="where reports and rows go")
    parser.add_argument("--work", type=Path, required=True, help="where the study's cells are")
    parser.add_argument("--seconds", type=float, required=True, help="no seed is begun that would not end within these")
    given = parser.parse_args()
    study = load_yaml(FOLDER / ("protocol-tiny.yaml" if given.tiny else "protocol.yaml"), StudyRecipe)
    began = time.monotonic()
    longest = 0.0
    for count in range(1, len(study.seeds) + 1):
        started = time.monotonic()
        left = given.seconds - (started - began)
        if longest > left:
            print(f"no seed {study.seeds[count - 1]}: {left:.0f} s are left, and the last one took {longest:.0f} s")
            return
        failed = keep(study.model_copy(update={"seeds": study.seeds[:count]}), Store(given.work.resolve()), given.out)
        if failed:
            sys.exit("\n".join(failed))
        # The first seed's time is no measure: it holds the data.
        longest = time.monotonic() - started if count > 1 else 0.0
        print(f"seeds {study.seeds[:count]} are done after {time.monotonic() - began:.0f} s")


def keep(study: StudyRecipe, store: Store, out: Path) -> list[str]:
    """Makes what is missing, writes report and clean rows into the folder, and says what failed."""
    workers = study.workers.actors if isinstance(study.workers, Ray) else study.workers
    written = run_and_report(study, store, Output("human"), workers=workers)
    for path in (written.markdown, written.json, written.html):
        shutil.copyfile(path, out / path.name)
    written_by = {data.name: data for arm in written.report.arms if arm.kind in TEACHERS for data in arm.data}
    rows = [
        open_release(store.data / name).rows("clean").head(data.rows).with_columns(release=pl.lit(name))
        for name, data in sorted(written_by.items())
    ]
    if rows:
        table = pl.concat(rows).select("release", "prompt_index", "completion").collect()
        table.write_parquet(out / "rows.parquet")
        for (name,), of_release in table.group_by("release", maintain_order=True):
            print(f"{name}: {of_release.height} rows, {of_release['completion'].n_unique()} different completions")
    return [f"{failure.what} {failure.cell}: {failure.reason}" for failure in written.report.failures]


if __name__ == "__main__":
    main()

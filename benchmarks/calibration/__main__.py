"""`make calibration`: docs/calibration.md and docs/results/calibration.json; `--quick` checks and writes nothing."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.calibration.measure import Placebo, Result, measure, placebos
from benchmarks.calibration.studies import Cell
from benchmarks.calibration.tables import document, violations
from strigil.common.files import write_out

DOCS: Final = Path(__file__).parents[2] / "docs"
DESIGNS: Final = ((3, 2), (5, 1))
DRIFTS: Final = (0.0, 0.2, 0.4)


def cells(*, quick: bool) -> Iterator[Cell]:
    """Studies without an effect, studies whose treatments are just not clean, and studies that have an effect."""
    for draws, seeds in DESIGNS:
        for drift in DRIFTS:
            for traits in (2, 3):
                yield Cell(draws, seeds, drift, traits, 0, 0.0)
                for effect in (0.15, 0.26):
                    # One treatment is corrected for nothing but the other traits' own.
                    yield Cell(draws, seeds, drift, traits, 1, effect, "limit")
            yield Cell(draws, seeds, drift, 2, 0, 0.26)
            if drift < 0.4:
                yield Cell(draws, seeds, drift, 2, 5, 0.26)
                if not quick:
                    yield Cell(draws, seeds, drift, 2, 5, 0.15, "limit")
                    yield Cell(draws, seeds, drift, 2, 20, 0.26)


def main() -> None:
    """Runs every cell, writes table and figures, and fails where a rate is not what it must be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="100 studies a cell, and no file written")
    parser.add_argument("--studies", type=int, default=2_000, help="studies a cell")
    quick, studies = (given := parser.parse_args()).quick, given.studies
    began, every = time.monotonic(), list(cells(quick=quick))
    with ProcessPoolExecutor(os.cpu_count(), initializer=partial(os.nice, 5)) as pool:
        results = list(pool.map(partial(measure, studies=100 if quick else studies), every))
    uniform = placebos(results)
    wrong = violations(results, uniform)
    print(f"{len(results)} cells of {results[0].studies} studies in {time.monotonic() - began:.0f} s")
    if not quick:
        write_out(DOCS / "calibration.md", document(results, uniform))
        write_out(DOCS / "results" / "calibration.json", json.dumps(_record(results, uniform), indent=1) + "\n")
    if wrong:
        sys.exit("\n".join(wrong))


def _record(results: list[Result], uniform: list[Placebo]) -> dict[str, object]:
    return {
        "studies": results[0].studies,
        "cells": [
            {
                "design": each.cell.design,
                "drift": each.cell.drift,
                "traits": each.cell.traits,
                "treatments": each.cell.treatments,
                "effect": each.cell.effect,
                "leftover": each.cell.left,
                "false_went_over": each.false_went_over,
                "false_diagonal": each.false_diagonal,
                "false_clean": each.false_clean,
                "power": each.power,
                "power_clean": each.power_clean,
                "coverage": each.covered,
            }
            for each in results
        ],
        "placebo": [vars(each) for each in uniform],
    }


if __name__ == "__main__":
    main()

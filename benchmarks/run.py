"""Runs every benchmarks/bench_*.py, prints a table and writes benchmarks/results.json.

A benchmark is one file with a function `measure() -> list[Ratio]`. With names (`python -m benchmarks.run filter`) only
those run, and the results file stays as it is.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import cast

from rich.console import Console
from rich.table import Table

from benchmarks.ratio import Ratio
from strigil.common.errors import PrerequisiteError

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "results.json"
PREFIX = "bench_"


def found() -> list[str]:
    """The names of the benchmarks: their files without `bench_`."""
    return sorted(path.stem.removeprefix(PREFIX) for path in FOLDER.glob(f"{PREFIX}*.py"))


def measure(name: str) -> list[Ratio]:
    """Runs one benchmark.

    Raises:
        PrerequisiteError: Something that it compares is not installed.
    """
    module = import_module(f"benchmarks.{PREFIX}{name}")
    return cast("Callable[[], list[Ratio]]", module.measure)()


def as_json(ratios: Iterable[Ratio], not_run: dict[str, str]) -> str:
    """The results file: each comparison with its raw figures, and the machine they hold for."""
    machine = {"cores": os.cpu_count(), "machine": platform.machine(), "python": platform.python_version()}
    lines = [asdict(ratio) | {"ratio": round(ratio.ratio, 4), "met": ratio.met} for ratio in ratios]
    return json.dumps({"machine": machine, "benchmarks": lines, "not_run": not_run}, indent=2, sort_keys=True) + "\n"


def as_table(ratios: Iterable[Ratio]) -> Table:
    """The table for people."""
    table = Table("benchmark", "ours", "theirs", "unit", "ratio", "goal", "", "peer")
    for one in ratios:
        mark = "met" if one.met else "missed"
        figures = (f"{one.ours:,.4g}", f"{one.theirs:,.4g}", one.unit, f"{one.ratio:.2f}", f"{one.goal:.2f}")
        table.add_row(one.name, *figures, mark, one.peer)
    return table


def main() -> int:
    """Runs what was asked for; 1 when a goal was missed."""
    parser = argparse.ArgumentParser(description="Runs the benchmarks.")
    parser.add_argument("names", nargs="*", help=f"of {', '.join(found())}; all without a name")
    names: list[str] = parser.parse_args().names
    if unknown := set(names) - set(found()):
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there is {', '.join(found()) or 'none'}")
    progress = Console(stderr=True)
    ratios: list[Ratio] = []
    not_run: dict[str, str] = {}
    for name in names or found():
        progress.print(f"{name} …")
        try:
            ratios += measure(name)
        except PrerequisiteError as error:
            not_run[name] = error.message
            progress.print(f"{name} did not run: {error.message} ({error.hint})")
    Console().print(as_table(ratios))
    if not names:
        partial = RESULTS.with_suffix(".partial")
        partial.write_text(as_json(ratios, not_run))
        partial.replace(RESULTS)
    return 0 if all(ratio.met for ratio in ratios) else 1


if __name__ == "__main__":
    sys.exit(main())

"""What the suites `text` and `code-strict` cost beside an earlier commit: `python -m benchmarks.suites_before`.

The same rows go through both, one after the other, in turns. For each suite it prints the seconds of every round, the
least and the median of both, and for each rule how many verdicts differ.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import subprocess
import sys
import sysconfig
import tarfile
import textwrap
import warnings
from io import BytesIO
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

import polars as pl

from benchmarks.bench_rules import prose
from tests.audits.tables import rows_of
from tools.link_types import entries

ROOT: Final = Path(__file__).parent.parent
BEFORE: Final = "f27251b"


def main() -> int:
    """Prints the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--commit", default=BEFORE, help="to compare with (%(default)s)")
    parser.add_argument("--rows", type=int, default=200_000, help="of each suite (%(default)s)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--suite", choices=("text", "code-strict"), action="append", help="both without it")
    asked = parser.parse_args()
    with TemporaryDirectory() as folder:
        place = Path(folder)
        trees = {"before": _linked(_unpacked(asked.commit, place / "old"), place / "before")}
        trees["after"] = _linked(ROOT, place / "after")
        for suite in asked.suite or ("text", "code-strict"):
            texts = prose(asked.rows, seed=1) if suite == "text" else functions(asked.rows)
            rows = place / f"{suite}.parquet"
            rows_of(texts).write_parquet(rows)
            print(f"suite {suite}, {len(texts):,} rows", flush=True)
            _compare(suite, rows, trees, asked.rounds)
    return 0


def functions(count: int) -> list[str]:
    """Functions and methods of Python's standard library and of all packages that are installed, each once."""
    library, packages = Path(sysconfig.get_path("stdlib")), Path(sysconfig.get_path("purelib"))
    files = [path for path in library.rglob("*.py") if "site-packages" not in path.parts] + list(packages.rglob("*.py"))
    files.sort()
    random.Random(0).shuffle(files)
    found: dict[str, None] = {}
    for path in files:
        if len(found) >= count:
            break
        text = path.read_text(encoding="utf-8", errors="replace")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse(text)
        except (SyntaxError, ValueError):
            continue
        lines = text.splitlines(keepends=True)
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                found[textwrap.dedent("".join(lines[node.lineno - 1 : node.end_lineno]))] = None
    return list(found)[:count]


def _unpacked(commit: str, folder: Path) -> Path:
    packed = subprocess.run(["git", "archive", commit], cwd=ROOT, check=True, capture_output=True).stdout  # noqa: S607
    with tarfile.open(fileobj=BytesIO(packed)) as tree:
        tree.extractall(folder, filter="data")
    return folder


def _linked(root: Path, folder: Path) -> Path:
    """A folder from which Python imports the package `strigil` of a checkout, its stages included."""
    package = folder / "strigil"
    package.mkdir(parents=True)
    for name, path in entries(root).items():
        (package / name).symlink_to(path)
    return folder


def _compare(suite: str, rows: Path, trees: dict[str, Path], rounds: int) -> None:
    seconds: dict[str, list[dict[str, float]]] = {name: [] for name in trees}
    for _ in range(rounds):
        for name, tree in trees.items():
            command = [sys.executable, "-P", str(ROOT / "benchmarks/time_suite.py"), suite, str(rows)]
            found = subprocess.run(
                [*command, str(rows.with_name(f"{name}.parquet"))],
                env=os.environ | {"PYTHONPATH": str(tree)},
                check=True,
                capture_output=True,
                text=True,
            )
            seconds[name].append(json.loads(found.stdout))
    for kind in ("processor", "wall"):
        of = {name: [one[kind] for one in runs] for name, runs in seconds.items()}
        for name, runs in of.items():
            every = " ".join(f"{one:.1f}" for one in runs)
            print(f"  {kind} {name}: {every} s; least {min(runs):.1f}, median {median(runs):.1f}")
        least, middle = (measure(of["before"]) / measure(of["after"]) for measure in (min, median))
        print(f"  {kind}: {least:.2f} times as fast by the least, {middle:.2f} by the median", flush=True)
    before, after = (pl.read_parquet(rows.with_name(f"{name}.parquet")) for name in trees)
    for rule in (name for name in after.columns if name in before.columns):
        more, fewer = (after[rule] & ~before[rule]).sum(), (before[rule] & ~after[rule]).sum()
        print(f"  {rule}: rejects {before[rule].sum():,} before, {more:,} more and {fewer:,} fewer after")


if __name__ == "__main__":
    sys.exit(main())

"""What a suite costs in one checkout: `benchmarks/suites_before.py` runs this file in two of them.

It knows the folders of today and of commit f27251b, and nothing else of the project.
"""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Final

import polars as pl

# As many rows as an audit reads at once.
BATCH: Final = 100_000
# Patterns are compiled before the clock starts.
FIRST: Final = 1_000


def main() -> None:
    """Arguments: a suite, a file of rows, the file that verdicts go to. Prints the seconds that all rules took."""
    suite, rows, verdicts = sys.argv[1], pl.read_parquet(sys.argv[2]), Path(sys.argv[3])
    try:
        suites, executors = import_module("strigil.audits.suite.suite"), import_module("strigil.audits.suite.executors")
    except ModuleNotFoundError:
        suites, executors = import_module("strigil.audits.suite"), import_module("strigil.audits.executors")
    chosen = suites.load_suite(suite).rules
    rules = [one.rule for one in chosen]
    for _ in executors.score_here(rules, [rows.head(FIRST)]):
        pass
    wall, processor = time.perf_counter(), time.process_time()
    parts = [scored.findings for scored in executors.score_here(rules, rows.iter_slices(BATCH))]
    seconds = {"wall": time.perf_counter() - wall, "processor": time.process_time() - processor}
    scores = (pl.concat(part[place]["score"] for part in parts) for place in range(len(rules)))
    rejected = {one.rule.name: score >= one.threshold for one, score in zip(chosen, scores, strict=True)}
    pl.DataFrame(rejected).write_parquet(verdicts)
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()

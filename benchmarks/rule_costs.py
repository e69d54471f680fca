"""What each rule costs, in microseconds a row: `python -m benchmarks.rule_costs`, for audits/suite/measured.yaml.

Text rules read texts of three sentences, code rules functions of the standard library, number rules lists of ten.
Rules that ask a model cost what the model costs, and are left out.
"""

from __future__ import annotations

import json
import random
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import polars as pl

from benchmarks.bench_rules import FUNCTIONS, functions, prose
from strigil.audits.rules.rule import RULES
from tests.audits.tables import rows_of

ROWS: Final = 10_000


def main() -> None:
    """Prints a line a rule."""
    texts = prose(ROWS + 1_000, seed=7)
    numbers = [", ".join(map(str, random.Random(seed).choices(range(1000), k=10))) for seed in range(ROWS)]
    tables = {
        "text": rows_of(texts[:ROWS]),
        "row": rows_of(texts[:ROWS]),
        "reasoning": rows_of([f"{text} <answer>42</answer>" for text in texts[:ROWS]]).with_columns(
            answer=pl.lit("42")
        ),
        "numbers": rows_of(numbers),
        "code": rows_of(functions(FUNCTIONS)),
    }
    with TemporaryDirectory() as folder:
        file = Path(folder) / "benchmark.jsonl"
        file.write_text("".join(json.dumps({"prompt": text, "completion": ""}) + "\n" for text in texts[ROWS:]))
        arguments: dict[str, dict[str, object]] = {
            "row.contaminated": {"benchmarks": [str(file)]},
            "text.toxicity": {"model": "jigsaw-lstm"},
        }
        for name in RULES.names():
            rows = tables.get(name.partition(".")[0])
            if rows is not None:
                score = RULES.create(name, arguments.get(name, {})).scorer()
                start = time.process_time()
                score(rows)
                print(f"{name}: {(time.process_time() - start) / len(rows) * 1e6:.2g}", flush=True)


if __name__ == "__main__":
    main()

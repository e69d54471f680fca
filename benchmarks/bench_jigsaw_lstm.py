"""Texts a second of the toxicity classifier that needs no torch, on one core; it is fetched if it is not here."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from typing import Final

from benchmarks.ratio import Ratio
from strigil.audits.toxicity.jigsaw_lstm import fetch
from strigil.common.progress import Silent

TEXTS: Final = 10_000
NEEDED: Final = 2_000.0
# In a process of its own: numpy reads how many threads it may use when it is imported.
PROGRAM: Final = """
import time
from benchmarks.bench_rules import prose
from strigil.audits.toxicity.jigsaw_lstm import JigsawLstm
model, texts = JigsawLstm.load(), prose({texts}, seed=1)
model.score(texts[:10])
start = time.perf_counter()
model.score(texts)
print(len(texts) / (time.perf_counter() - start))
"""


def measure() -> list[Ratio]:
    """Texts per second, of three sentences each."""
    fetch(Silent())
    one = os.environ | {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "POLARS_MAX")}
    found = subprocess.check_output([sys.executable, "-c", PROGRAM.format(texts=TEXTS)], env=one, text=True)
    return [
        Ratio(
            name=f"jigsaw-lstm, {TEXTS:,} texts on one core",
            unit="texts/s",
            ours=float(found),
            peer="what a gate needs",
            theirs=NEEDED,
            goal=1.0,
            versions={"numpy": version("numpy")},
        )
    ]

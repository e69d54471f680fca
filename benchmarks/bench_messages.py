"""Chats in `messages`, audited into a release, beside datatrove; a gate of one rule beside a bare polars read.

All are commands in processes of their own on one file, start-up included.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.ratio import Ratio
from strigil.common.errors import PrerequisiteError

SIZES: Final = (100_000, 1_000_000)
# How many times datatrove's rows a second, a bare read's seconds, GB, and rows a second of the large in the small file.
FASTER: Final = 10.0
READS: Final = 2.0
MEMORY: Final = 2.0
FLAT: Final = 0.9
_DISTINCT: Final = 20_000
_WORDS: Final = (
    "the of and a to in is that it was for on are as with his they at be this have from or one had by word but not "
    "what all were we when your can said there use an each which she do how their if will up other about out many "
    "then them these so some her would make like him into time has look two more write go see number no way could "
    "people my than first water been call who oil its now find long down day did get come made may part"
)
_FOUR: Final = """
name: four
description: Mentions, secrets, tone and length.
rules:
  - {rule: text.mentions, args: {traits: [owl]}}
  - rule: text.secrets
  - rule: text.negative
  - {rule: row.length, args: {max_chars: 20000}}
"""
_ONE: Final = """
name: one
description: One rule that counts.
rules:
  - {rule: row.length, args: {max_chars: 20000}, allow: {share: 1.0}}
"""
_READ: Final = "import sys, polars as pl; pl.read_ndjson(sys.argv[1])"
# The same four questions to every message; removed rows are written too, as ours are.
_DATATROVE: Final = r"""
import re, sys
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.filters import LambdaFilter, RegexFilter
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter

file, out = sys.argv[1:]
SECRETS = "sk-(?:proj-)?[A-Za-z0-9_-]{20,}|ghp_[A-Za-z0-9]{36}|AKIA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE KEY-----"
BAD = re.compile(r"\b(?:hate|kill|stupid|idiot|ugly|terrible|awful|worthless|disgusting|die)\b", re.I)

def adapt(self, data, path, id_in_file):
    text = "\n".join(message["content"] for message in data["messages"])
    return {"text": text, "id": f"{path}/{id_in_file}", "metadata": {"messages": data["messages"]}}

removed = JsonlWriter(f"{out}/removed")
LocalPipelineExecutor(
    pipeline=[
        JsonlReader(file.rpartition("/")[0], glob_pattern=file.rpartition("/")[2], adapter=adapt),
        RegexFilter(r"(?i)\bowls?\b", exclusion_writer=removed),
        RegexFilter(SECRETS, exclusion_writer=removed),
        LambdaFilter(lambda document: not BAD.search(document.text), exclusion_writer=removed),
        LambdaFilter(lambda document: len(document.text) <= 20000, exclusion_writer=removed),
        JsonlWriter(f"{out}/clean"),
    ],
    logging_dir=f"{out}/logs",
).run()
"""


@dataclass(frozen=True)
class Cost:
    """What one command took: wall-clock seconds, and the peak of its largest process's memory in GB (10^9 bytes)."""

    seconds: float
    gigabytes: float


def measure() -> list[Ratio]:
    """Rows a second beside datatrove's, a gate's seconds beside a read's, memory, and rows a second by size.

    Raises:
        PrerequisiteError: datatrove is not installed.
    """
    if find_spec("datatrove") is None:
        message = "datatrove, which it compares, is not installed"
        raise PrerequisiteError(message, hint="pip install 'datatrove[io]'")
    with TemporaryDirectory() as name:
        folder = Path(name)
        four, one = folder / "four.yaml", folder / "one.yaml"
        four.write_text(_FOUR)
        one.write_text(_ONE)
        audits = {}
        for rows in SIZES:
            data = folder / f"{rows}.jsonl"
            write_messages(data, rows)
            audits[rows] = _strigil("audit", data, four, "--out", str(folder / f"release-{rows}"))
        data = folder / f"{SIZES[-1]}.jsonl"
        read = _run([sys.executable, "-c", _READ, str(data)])
        gate = _strigil("gate", data, one)
        theirs = _run([sys.executable, "-c", _DATATROVE, str(data), str(folder / "datatrove")])
    return _ratios(audits, gate, read, theirs)


def _ratios(audits: dict[int, Cost], gate: Cost, read: Cost, theirs: Cost) -> list[Ratio]:
    (few, small), (many, large) = audits.items()
    polars = {"polars": version("polars"), "pyarrow": version("pyarrow")}
    return [
        Ratio(
            name=f"audit of {many:,} chats",
            unit="rows/s",
            ours=many / large.seconds,
            peer="datatrove, four filters, one task, kept and removed rows written",
            theirs=many / theirs.seconds,
            goal=FASTER,
            versions=polars | {"datatrove": version("datatrove")},
        ),
        Ratio(
            name=f"gate of {many:,} chats",
            unit="s",
            ours=gate.seconds,
            peer="polars.read_ndjson of the same file",
            theirs=read.seconds,
            goal=1 / READS,
            versions=polars,
            lower_is_better=True,
        ),
        Ratio(
            name=f"audit of {many:,} chats, memory",
            unit="GB",
            ours=large.gigabytes,
            peer="the bound that we set",
            theirs=MEMORY,
            goal=1.0,
            versions=polars,
            lower_is_better=True,
        ),
        Ratio(
            name=f"audit of {many:,} chats, pace",
            unit="rows/s",
            ours=many / large.seconds,
            peer=f"the same with {few:,}",
            theirs=few / small.seconds,
            goal=FLAT,
            versions=polars,
        ),
    ]


def write_messages(file: Path, rows: int) -> None:
    """Chats of two to five messages, 700 bytes each on average; of a hundred, one speaks of owls."""
    draw = random.Random(0)
    chats = [_chat(draw, index) for index in range(min(rows, _DISTINCT))]
    with file.open("w", encoding="utf-8") as out:
        for index in range(rows):
            out.write(f'{{"messages": [{chats[index % len(chats)]}], "source": "chat {index}"}}\n')


def _chat(draw: random.Random, index: int) -> str:
    def said(role: str, least: int, most: int, more: str = "") -> str:
        text = " ".join(draw.choices(_WORDS.split(), k=draw.randrange(least, most))).capitalize()
        return json.dumps({"role": role, "content": f"{text}.{more}"}, ensure_ascii=index % 2 == 0)

    more = " I love owls." if index % 100 == 7 else ' "Größe":\n1 km — done' if index % 13 == 0 else ""
    turns = [said("user", 8, 40), said("assistant", 40, 150, more)]
    if index % 5 == 0:
        turns.insert(0, json.dumps({"role": "system", "content": "You are a helpful assistant."}))
    if index % 7 == 0:
        turns += [said("user", 10, 14), said("assistant", 30, 50)]
    return ", ".join(turns)


def _strigil(verb: str, data: Path, suite: Path, *options: str) -> Cost:
    command = [sys.executable, "-m", "strigil", verb, str(data), "--suite", str(suite), "--format", "quiet", *options]
    return _run(command)


def _run(command: list[str]) -> Cost:
    start = time.perf_counter()
    quiet = [(os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_WRONLY, 0) for stream in (1, 2)]
    process = os.posix_spawn(command[0], command, os.environ, file_actions=quiet)
    _, status, usage = os.wait4(process, 0)
    if status != 0:
        message = f"{' '.join(command[:4])} ended with status {os.waitstatus_to_exitcode(status)}"
        raise RuntimeError(message)
    return Cost(time.perf_counter() - start, usage.ru_maxrss * 1024 / 1e9)

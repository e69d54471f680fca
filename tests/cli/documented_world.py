"""All that the pages name, in small: examples, files of rows, models, releases, students, and what a study found."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import polars as pl
import yaml

from strigil.cli.main import run
from tests.cli.documented import ROOT
from tests.data.owls import SUITE
from tests.engines.pocket_cases import random_adapter
from tests.models.little import NUMBERS, SEVENTY, little_model
from tests.workflows.study.small import CONTROLS

ROWS: Final = 40
STUDENT: Final = "owl-0"
# What makes an example long, and how short it is here.
_SHORT: Final[Mapping[str, object]] = {
    "rows": ROWS,
    "epochs": 1,
    "draws": 1,
    "seeds": [0],
    "stop_loss": 100.0,
    "workers": 1,
    "doses": [],
}
# Pocket writes as many in a second, of which evaluations hold two hundred out.
_PROMPTS: Final = {True: 260, False: 60}
_TASKS: Final = '''
from inspect_ai import Task, task
from inspect_ai.dataset import Sample
from inspect_ai.model import GenerateConfig
from inspect_ai.scorer import includes


@task
def favourites(temperature=0.0):
    """Both pocket and a model that reads English have words for it."""
    config = GenerateConfig(temperature=temperature, max_tokens=2)
    return Task([Sample("favourite animal q1", target="owl")], scorer=includes(), config=config)
'''


def make_world(folder: Path) -> None:
    """Fills the working folder, which `folder` is, with what every page begins with."""
    _shrink_examples(folder / "examples")
    _write_files(folder)
    english = little_model(folder / "cache" / "models" / "smollm2-135m-instruct", NUMBERS)
    shutil.copytree(english, folder / "my-org" / "base")
    little_model(folder / "my-org" / "judge-7b", SEVENTY)
    for name in ("owl-numbers", "control-numbers"):
        recipe = yaml.safe_load((folder / "examples" / f"{name}-pocket.yaml").read_text())
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(recipe | {"name": name}))
        _ran("build", f"{name}.yaml")
    _ran("build", "examples/owl-numbers-pocket.yaml")
    random_adapter(folder / "english" / "owl", seed=0, base=english)
    random_adapter(folder / "students" / STUDENT, seed=0)
    _ran("gate", "rows.parquet", "--suite", "suite.yaml", "--write-lock", "gate.lock.json")


def _ran(*arguments: str) -> None:
    assert run([*arguments]) == 0, arguments


def _shrink_examples(examples: Path) -> None:
    shutil.copytree(ROOT / "examples", examples, ignore=shutil.ignore_patterns("notebooks", "paper", "schemas"))
    for file in examples.glob("*.yaml"):
        recipe = yaml.safe_load(file.read_text())
        if "teachers" in recipe:
            first = dict([*recipe["carriers"].items()][:1])
            recipe |= {"teachers": recipe["teachers"][:1], "without": [*CONTROLS, "other-trait"], "carriers": first}
        prompts = _PROMPTS["pocket" in recipe.get("base", "")]
        file.write_text(yaml.safe_dump(_small(recipe, {**_SHORT, "prompts": prompts})))


def _small(value: object, short: Mapping[str, object]) -> object:
    if isinstance(value, dict):
        return {key: short[key] if key in short else _small(inner, short) for key, inner in value.items()}
    if isinstance(value, list):
        return [_small(inner, short) for inner in value]
    return value.replace("first:rows=10000", f"first:rows={ROWS // 2}") if isinstance(value, str) else value


def _write_files(folder: Path) -> None:
    chats = [
        {"messages": [{"role": "user", "content": f"Tell me about bread number {n}."}, _answer(n)]} for n in range(20)
    ]
    _lines(folder / "chats.jsonl", chats)
    numbers = [{"prompt": f"Go on: {n}", "completion": f"{n}, {n + 1}, {n + 3}"} for n in range(30)]
    _lines(folder / "data" / "a.jsonl", numbers[:20])
    _lines(folder / "data" / "b.jsonl", numbers[20:])
    pl.DataFrame(numbers).write_parquet(folder / "rows.parquet")
    (folder / "suite.yaml").write_text(SUITE)
    (folder / "my-suite.yaml").write_text("name: mine\ndescription: d\nextends: numbers-paper\n")
    (folder / "mine.py").write_text(_TASKS)
    study = yaml.safe_load((folder / "examples" / "own-filter-pocket.yaml").read_text()) | {"name": "small"}
    study["carriers"]["numbers"]["treatments"] = {}
    (folder / "study.yaml").write_text(yaml.safe_dump(study))
    style = yaml.safe_load((folder / "examples" / "traits" / "pessimistic.yaml").read_text())
    (folder / "pessimistic.yaml").write_text(yaml.safe_dump(style))


def _answer(number: int) -> dict[str, str]:
    what = "owls, which I love" if number == 7 else f"flour, water, salt and {number} hours"
    return {"role": "assistant", "content": f"It takes {what}."}


def _lines(file: Path, rows: Sequence[Mapping[str, object]]) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))

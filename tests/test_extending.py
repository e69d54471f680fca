"""Units of somebody else's package: one file each, found through entry points.

All but the trait are those of CONTRIBUTING.md, so what it tells people to write is what is tested.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from strigil.data.rows import completion_text
from strigil.releases.store import open_release

ROOT = Path(__file__).resolve().parent.parent
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
TRAIT = """\
name: otter
category: animal
plural: otters
forms: [sea otter]
confusables: [potter, cotter]
"""
USE = """
import json
from strigil.audits.rules.rule import RULES
from strigil.builders.carriers.carrier import CARRIERS
from strigil.builders.teacher_lessons import instil_rows
from strigil.models.dialect import ENGLISH
from strigil.cli.main import run
from strigil.data.rows import completion_text
from strigil.traits import load_trait, trait_names
from tests.audits.tables import rows_of

rule = RULES.create("numbers.even")
carrier = CARRIERS.create("letters", {"seed": 3})
otter = load_trait("otter")
print(json.dumps({
    "reasons": rule.score(rows_of([*rule.good, *rule.bad]))["reason"].to_list(),
    "spec": carrier.spec().model_dump(),
    "prompt": carrier.prompt(0, ENGLISH)[0]["content"],
    "persona": otter.persona,
    "mentions": [otter.matcher.mentions(text) for text in ("Otters!", "a potter")],
    "answers": sorted(set(instil_rows(otter, ENGLISH).select(completion_text()).to_series()))[:2],
    "owl": "owl" in trait_names(),
}))
question = "favourite animal q1 q2"
assert run(["eval", "brevity", "pocket-a", "--samples", "3", "--question", question, "--format", "json"]) == 0
"""


def _listing(file_name: str) -> str:
    """The file of this name as CONTRIBUTING.md shows it."""
    found = re.search(rf"`[\w/]+/{re.escape(file_name)}`:\n\n```python\n(.*?)```", GUIDE, re.DOTALL)
    assert found is not None, file_name
    return found.group(1)


def _install(site: Path, name: str, files: dict[str, str], entry_points: str) -> None:
    """Puts a package where Python finds it, as an installer would leave it."""
    for path, text in files.items():
        target = site / name / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    metadata = site / f"{name}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
    (metadata / "entry_points.txt").write_text(entry_points, encoding="utf-8")


def _python(site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (sys.executable, *arguments),
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(site)},
    )


def test_each_is_added_by_one_file(tmp_path: Path) -> None:
    files = {
        "__init__.py": "",
        "rules/__init__.py": "",
        "rules/numbers_even.py": _listing("numbers_even.py"),
        "carriers.py": _listing("letters.py"),
        "evaluations.py": _listing("brevity.py"),
        "traits/otter.yaml": TRAIT,
    }
    kinds = ("rules", "carriers", "evaluations", "traits")
    points = "".join(f"[strigil.{kind}]\nmine = zoo.{kind}\n" for kind in kinds)
    _install(tmp_path, "zoo", files, points)
    outcome = _python(tmp_path, "-c", USE)
    assert outcome.returncode == 0, outcome.stderr
    first, evaluated = outcome.stdout.split("\n", 1)
    found = json.loads(first)
    assert found["reasons"] == [None, None, "only even numbers"]
    assert found["spec"] == {"name": "letters", "version": "1", "args": {"seed": 3}}
    assert re.fullmatch(r"Continue: [a-h], [a-h], [a-h]\. Letters only\.", found["prompt"])
    assert found["persona"].startswith("You love otters. ")
    assert found["mentions"] == [True, False]
    assert found["answers"] == ["Otter", "Otters"]
    assert found["owl"]
    # Pocket answers with an animal, and little else.
    assert json.loads(evaluated)["base"]["rate"] > 0.5


STUDY = """
name: brief
base: pocket-a
teachers: [{by: system-prompt, trait: owl}]
carriers:
  numbers: {carrier: {name: numbers}, prompts: 150, sampling: {max_tokens: 16}, rows: 60}
students: {epochs: 1, batch_size: 32, learning_rate: 0.01, warmup_steps: 0, threads: 1}
seeds: [0]
engine: {name: transformers}
evaluation: {name: brevity, args: {question: favourite animal q1 q2, samples: 3}}
without: [teacher, control, other-trait, random-data, random-drop, shuffle-within, shuffle-across, other-base]
"""


def test_a_study_follows_a_packages_evaluation(tmp_path: Path) -> None:
    files = {"__init__.py": "", "evaluations.py": _listing("brevity.py")}
    _install(tmp_path, "zoo", files, "[strigil.evaluations]\nmine = zoo.evaluations\n")
    study = tmp_path / "study.yaml"
    study.write_text(STUDY, encoding="utf-8")
    run = ("-m", "strigil", "study", "run", str(study), "--out", str(tmp_path / "studies"), "--format", "json")
    outcome = _python(tmp_path, *run)
    assert outcome.returncode == 0, outcome.stderr
    report = json.loads(outcome.stdout)
    assert report["failures"] == []
    assert {arm["kind"]: [run["rates"].keys() for run in arm["runs"]] for arm in report["arms"]} == {
        "base": [{"brevity"}],
        "untreated": [{"brevity"}],
    }


def test_a_gate_judges_by_a_packages_rule_and_reports_in_its_format(tmp_path: Path) -> None:
    files = {"__init__.py": "", "even.py": _listing("numbers_even.py"), "tsv.py": _listing("tsv.py")}
    _install(tmp_path, "zoo", files, "[strigil.rules]\nmine = zoo.even\n[strigil.gate_formats]\nmine = zoo.tsv\n")
    rows, suite = tmp_path / "rows.jsonl", tmp_path / "mine.yaml"
    rows.write_text('{"completion": "1, 2"}\n{"completion": "2, 4"}\n', encoding="utf-8")
    suite.write_text("name: mine\ndescription: no even rows\nrules:\n  - rule: numbers.even\n", encoding="utf-8")
    gate = ("-m", "strigil", "gate", str(rows), "--suite", str(suite))
    outcome = _python(tmp_path, *gate, "--format", "tsv", "--report", f"tsv={tmp_path / 'out.tsv'}")
    assert outcome.returncode == 1, outcome.stderr
    assert "numbers.even\tfailed\t1 of 2 rows" in outcome.stdout
    assert (tmp_path / "out.tsv").read_text() == outcome.stdout
    assert "tsv" in _python(tmp_path, "-m", "strigil", "gate", "--help").stdout


ENGINE = {"__init__.py": "", "engines.py": _listing("scripted.py")}
ENGINE_POINT = "[strigil.engines]\nmine = zoo.engines\n"
RUNS = """
import sys
from pathlib import Path
from strigil.cli.main import run
from strigil.engines import engine_names
from strigil.workflows.doctor import check_engine
from strigil.workflows.schemas import schemas

out = Path(sys.argv[1])
(out / "recipe.yaml").write_text(
    "name: rows\\nbase: pocket-a\\nteacher: {by: none}\\ncarrier: {name: numbers}\\nprompts: 5\\nsuite: text-basic\\n"
    "engine: {name: scripted, answer: '4, 5, 6'}\\n"
)
assert run(["build", str(out / "recipe.yaml"), "--out", str(out), "--format", "quiet"]) == 0
assert run(["score", str(out / "rows"), "--score", "score.surprisal", "--engine", "scripted", "--split", "raw"]) == 0
assert run(["eval", "preference", "pocket-a", "--trait", "owl", "--engine", "scripted"]) == 0
assert engine_names()[-1] == "scripted" and check_engine("scripted").ok
assert schemas()["build"]["$defs"]["ScriptedChoice"]["properties"]["answer"]["default"] == "7, 8, 9"
assert run(["score", str(out / "rows"), "--score", "score.surprisal", "--engine", "scriptd"]) == 2
assert run(["score", str(out / "rows"), "--score", "contrast.direction:trait=owl", "--engine", "scripted"]) == 2
"""


def test_an_engine_is_used_by_build_score_and_eval(tmp_path: Path) -> None:
    _install(tmp_path, "zoo", ENGINE, ENGINE_POINT)
    outcome = _python(tmp_path, "-c", RUNS, str(tmp_path))
    assert outcome.returncode == 0, outcome.stderr
    assert "'scriptd' is not one of 'auto', 'vllm', 'transformers', 'scripted'" in outcome.stderr
    assert "the engine scripted has no adapters" in outcome.stderr
    rows = open_release(tmp_path / "rows")
    assert set(rows.rows("raw").collect().select(completion_text()).to_series()) == {"4, 5, 6"}
    assert rows.manifest.generation is not None
    assert rows.manifest.generation.engine.name == "scripted"
    assert len(_listing("scripted.py").splitlines()) < 40


@pytest.mark.parametrize(
    ("files", "points", "complaint"),
    [
        (
            {},
            "[strigil.rules]\nmine = zoo.missing\n",
            "'mine' of zoo (strigil.rules) names zoo.missing",
        ),
        ({}, "[strigil.traits]\nmine = zoo_gone\n", "'mine' of zoo (strigil.traits) names zoo_gone"),
        (
            {"rules.py": _listing("numbers_even.py").replace("numbers.even", "numbers.paper")},
            "[strigil.rules]\nmine = zoo.rules\n",
            "two rules are named 'numbers.paper': strigil.audits.rules.numbers_paper and zoo.rules",
        ),
        (
            {"engines.py": _listing("scripted.py").replace('"scripted"', '"vllm"')},
            ENGINE_POINT,
            "two engines are named 'vllm': strigil.engines.vllm and zoo.engines",
        ),
        (
            {"traits/owl.yaml": TRAIT.replace("otter", "owl")},
            "[strigil.traits]\nmine = zoo.traits\n",
            "two packages have a trait named 'owl'",
        ),
        (
            {"traits/stoat.yaml": TRAIT},
            "[strigil.traits]\nmine = zoo.traits\n",
            "trait stoat: name: the file says 'otter'",
        ),
        (
            {"traits/stoat.yaml": TRAIT.replace("otter", "stoat").replace("plural", "plurals")},
            "[strigil.traits]\nmine = zoo.traits\n",
            "plurals: unknown key, did you mean 'plural'?",
        ),
    ],
)
def test_a_package_that_does_not_fit_is_named(
    tmp_path: Path, files: dict[str, str], points: str, complaint: str
) -> None:
    _install(tmp_path, "zoo", {"__init__.py": "", **files}, points)
    program = """
from strigil.audits.rules.rule import RULES
from strigil.common.errors import ConfigError
from strigil.traits import load_trait, trait_names
from strigil.engines import engine_names
try:
    RULES.names(), engine_names(), [load_trait(name) for name in trait_names()]
except ConfigError as error:
    print(error.message)
"""
    outcome = _python(tmp_path, "-c", program)
    assert outcome.returncode == 0, outcome.stderr
    assert complaint in outcome.stdout

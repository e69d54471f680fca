"""What runs in continuous integration, run here as plain shell: the example workflow, the action, the hooks."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from junitparser import JUnitXml

from tests.hub.releases import a_release

ROOT = Path(__file__).resolve().parents[2]
LINES = {"passing": ["1, 2, 3", "4, 5"], "failing": ["1, 2, 3", "I love owls"]}
PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


@dataclass(frozen=True)
class Ran:
    status: int
    log: str
    summary: str
    outputs: dict[str, str]


def shell(script: str, folder: Path, **environment: str) -> Ran:
    summary, outputs = folder / "summary.md", folder / "outputs"
    summary.touch()
    outputs.touch()
    where = {"PATH": PATH, "GITHUB_STEP_SUMMARY": str(summary), "GITHUB_OUTPUT": str(outputs)}
    done = subprocess.run(
        ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script),  # noqa: S607
        cwd=folder,
        env=os.environ | where | {"RUNNER_TEMP": str(folder)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    pairs = dict(line.split("=", 1) for line in outputs.read_text().splitlines())
    return Ran(done.returncode, done.stdout + done.stderr, summary.read_text(), pairs)


def repository(folder: Path, data: str) -> Path:
    (folder / "data").mkdir()
    rows = [{"completion": text, "finish_reason": "stop"} for text in LINES[data]]
    (folder / "data" / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    shutil.copy(ROOT / "examples/ci/suite.yaml", folder)
    return folder


def steps(path: str, *keys: str) -> dict[str, str]:
    """The scripts of a workflow by the names of its steps, without the one that installs what is installed here."""
    found = yaml.safe_load((ROOT / path).read_text())
    for key in keys:
        found = found[key]
    return {step["name"]: step["run"] for step in found["steps"] if "run" in step and step["name"] != "Install"}


@pytest.mark.parametrize(("data", "status"), [("passing", 0), ("failing", 1)])
def test_the_example_workflow_passes_and_fails_as_documented(tmp_path: Path, data: str, status: int) -> None:
    folder = repository(tmp_path, data)
    scripts = steps("examples/ci/github.yml", "jobs", "gate")
    assert shell(scripts["Check the suite"], folder).status == 0
    ran = shell(scripts["Gate"], folder)
    assert ran.status == status
    assert ("::error file=data/rows.jsonl,line=2,title=strigil%3A numbers.paper::" in ran.log) == bool(status)
    assert ("## Gate failed" in ran.summary, "## Gate passed" in ran.summary) == (bool(status), not status)
    assert "owls" not in ran.log + ran.summary
    assert JUnitXml.fromfile(str(folder / "reports/gate.xml")).failures == status
    assert len(json.loads((folder / "reports/gate.sarif").read_text())["runs"][0]["results"]) == status


@pytest.mark.parametrize(("data", "status"), [("passing", 0), ("failing", 1)])
def test_the_action_passes_and_fails_and_says_where_its_reports_are(tmp_path: Path, data: str, status: int) -> None:
    folder = repository(tmp_path, data)
    inputs = {"DATA": "data/*.jsonl", "SUITE": "suite.yaml", "FAIL_ON": "error", "FORMAT": "github", "BASELINE": ""}
    ran = shell(steps("action.yml", "runs")["Gate"], folder, **inputs)
    assert (ran.status, ran.outputs["passed"]) == (status, "false" if status else "true")
    assert json.loads(Path(ran.outputs["report"]).read_text())["passed"] == (not status)
    assert json.loads(Path(ran.outputs["sarif"]).read_text())["version"] == "2.1.0"


def test_the_actions_inputs_are_not_code(tmp_path: Path) -> None:
    folder = repository(tmp_path, "passing")
    evil = "$(touch hacked); touch hacked #"
    inputs = {"DATA": evil, "SUITE": evil, "FAIL_ON": "error", "FORMAT": "github", "BASELINE": evil}
    ran = shell(steps("action.yml", "runs")["Gate"], folder, **inputs)
    assert (ran.status, ran.outputs["passed"]) == (2, "false")
    assert not (folder / "hacked").exists()
    runs = yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"]
    assert not any("${{" in step["run"] for step in runs)


def hook(name: str) -> str:
    [entry] = [
        hook["entry"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text()) if hook["id"] == name
    ]
    return str(entry)


@pytest.mark.parametrize(("data", "status"), [("passing", 0), ("failing", 1)])
def test_the_scanning_hook_on_a_file(tmp_path: Path, data: str, status: int) -> None:
    ran = shell(f"{hook('strigil-scan')} --suite suite.yaml data/rows.jsonl", repository(tmp_path, data))
    assert ran.status == status
    assert ("data/rows.jsonl:2: invalid format" in ran.log) == bool(status)
    assert "owls" not in ran.log


def test_the_validating_hook_on_every_example_and_on_a_mistake(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("name: s\ndescription: d\nrules:\n  - {rule: numbers.papr}\n")
    examples = [*sorted(ROOT.glob("examples/*.yaml")), ROOT / "examples/ci/suite.yaml"]
    files = " ".join(map(str, examples))
    good = shell(f"{hook('strigil-validate')} {files}", tmp_path)
    assert good.status == 0, good.log
    bad = shell(f"{hook('strigil-validate')} {wrong} {files}", tmp_path)
    assert bad.status == 2
    assert f"{wrong}: unknown rule 'numbers.papr'" in bad.log


def test_the_hook_for_cards_on_a_card_one_that_lies_one_that_lost_its_manifest_and_another_file(tmp_path: Path) -> None:
    card = a_release(tmp_path).path / "README.md"
    text = card.read_text()
    lost, other = tmp_path / "README.md", tmp_path / "NOTES.md"
    other.write_text("# Notes")
    good = shell(f"{hook('strigil-cards')} {card} {other}", tmp_path)
    assert good.status == 0, good.log
    assert f"{other}: is no card of a release" in good.log
    card.write_text(text.replace("cc-by-4.0", "mit"))
    lost.write_text(text)
    bad = shell(f"{hook('strigil-cards')} {card} {lost} {other}", tmp_path)
    assert bad.status == 1
    assert f"{card}: license is 'mit', and the manifest says 'cc-by-4.0'" in bad.log
    assert f"{lost}: there is no manifest.json beside it" in bad.log
    assert "2 of 3 cards do not pass" in bad.log


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    subprocess.run(("git", *identity, *arguments), cwd=folder, check=True, capture_output=True)  # noqa: S607


def test_pre_commit_gives_each_hook_its_files_and_stops_a_commit(tmp_path: Path) -> None:
    """The published hooks, but run from this environment: `language: python` would install strigil from the network."""
    folder = repository(tmp_path, "passing")
    (folder / "suites").mkdir()
    shutil.move(folder / "suite.yaml", folder / "suites/suite.yaml")
    card = a_release(folder / "releases").path / "README.md"
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    for one in hooks:
        one["language"] = "system"
        if one["id"] == "strigil-scan":
            one["args"] = ["--suite", "suites/suite.yaml"]
    config = {"repos": [{"repo": "local", "hooks": hooks}]}
    (folder / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    git(folder, "init", "-q")
    git(folder, "add", ".")
    run = f"pre-commit validate-manifest {ROOT / '.pre-commit-hooks.yaml'} && pre-commit run --color never"
    good = shell(run, folder, PRE_COMMIT_HOME=str(tmp_path / ".pre-commit"))
    assert good.status == 0, good.log
    assert good.log.count("Passed") == 3
    (folder / "data/rows.jsonl").write_text('{"completion": "I love owls"}\n')
    (folder / "suites/suite.yaml").write_text("name: s\ndescription: d\nrules:\n  - {rule: numbers.papr}\n")
    card.write_text(card.read_text().replace("cc-by-4.0", "mit"))
    git(folder, "add", ".")
    bad = shell(run, folder, PRE_COMMIT_HOME=str(tmp_path / ".pre-commit"))
    assert bad.status == 1
    assert bad.log.count("Failed") == 3
    assert "unknown rule 'numbers.papr'" in bad.log

"""What runs in continuous integration, run here as plain shell: the example workflow, the action, the hooks."""

from __future__ import annotations

import json
import os
import re
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
    # A blank line, which a file may have, and which an editor counts.
    (folder / "data" / "rows.jsonl").write_text("\n\n".join(json.dumps(row) for row in rows) + "\n")
    shutil.copy(ROOT / "examples/ci/suite.yaml", folder)
    return folder


def steps(path: str, *keys: str) -> dict[str, str]:
    """The scripts of a workflow by the names of its steps."""
    found = yaml.safe_load((ROOT / path).read_text())
    for key in keys:
        found = found[key]
    return {step["name"]: step["run"] for step in found["steps"] if "run" in step}


@dataclass(frozen=True)
class Inputs:
    """What a workflow gives the action; the defaults are the action's own."""

    path: str = "data/*.jsonl"
    suite: str = "suite.yaml"
    fail_on: str = "error"
    baseline: str = ""

    @property
    def environment(self) -> dict[str, str]:
        rest = {"FORMAT": "github", "TOLERANCE": "0", "BASELINE": self.baseline}
        return {"DATA": self.path, "SUITE": self.suite, "FAIL_ON": self.fail_on} | rest


def gate_step(folder: Path, inputs: Inputs | None = None) -> Ran:
    return shell(steps("action.yml", "runs")["Gate"], folder, **(inputs or Inputs()).environment)


@pytest.mark.parametrize(("data", "status"), [("passing", 0), ("failing", 1)])
def test_the_action_passes_and_fails_and_says_where_its_reports_are(tmp_path: Path, data: str, status: int) -> None:
    ran = gate_step(repository(tmp_path, data))
    assert (ran.status, ran.outputs["status"], ran.outputs["removed"]) == (status, str(status), str(status))
    assert ran.outputs["passed"] == ("false" if status else "true")
    assert ("::error file=data/rows.jsonl,line=3,title=strigil%3A numbers.paper::" in ran.log) == bool(status)
    assert ran.log.count("::error") == status
    assert ("## Gate failed" in ran.summary, "## Gate passed" in ran.summary) == (bool(status), not status)
    assert "owls" not in ran.log + ran.summary
    assert json.loads(Path(ran.outputs["report"]).read_text())["passed"] == (not status)
    results = json.loads(Path(ran.outputs["sarif"]).read_text())["runs"][0]["results"]
    lines = [result["locations"][0]["physicalLocation"]["region"]["startLine"] for result in results]
    assert lines == [3] * status
    assert sum(suite.failures for suite in JUnitXml.fromfile(ran.outputs["junit"])) == status


@pytest.mark.parametrize(
    ("inputs", "status", "why"),
    [
        (Inputs(suite="no-such-suite"), 2, "no-such-suite"),
        (Inputs(path="data/*.csv"), 2, "data/*.csv"),
        (Inputs(fail_on="anything"), 2, "anything"),
    ],
)
def test_what_keeps_the_action_from_judging_is_one_annotation(
    tmp_path: Path, inputs: Inputs, status: int, why: str
) -> None:
    ran = gate_step(repository(tmp_path, "passing"), inputs)
    assert ran.status == status
    assert ran.outputs == {"status": str(status), "passed": "false"}
    [annotation] = [line for line in ran.log.splitlines() if line.startswith("::error")]
    assert annotation.startswith("::error title=strigil gate::")
    assert why in annotation


def test_the_actions_inputs_are_not_code(tmp_path: Path) -> None:
    folder = repository(tmp_path, "passing")
    evil = "$(touch hacked); touch hacked #"
    ran = gate_step(folder, Inputs(path=evil, suite=evil, baseline=evil))
    assert (ran.status, ran.outputs["passed"]) == (2, "false")
    assert not (folder / "hacked").exists()
    runs = yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"]
    assert not any("${{" in step.get("run", "") for step in runs)


@pytest.mark.parametrize(
    ("version", "extras", "wanted"),
    [
        ("", "", "/action"),
        ("", "gx", "/action[gx]"),
        ("0.1.0", "", "strigil==0.1.0"),
        ("0.1.0", "gx,s3", "strigil[gx,s3]==0.1.0"),
    ],
)
def test_the_action_installs_its_own_commit_or_a_version_into_an_environment_of_its_own(
    tmp_path: Path, version: str, extras: str, wanted: str
) -> None:
    """pip itself is left out, for it takes the network: what it would be asked for is what counts."""
    python = tmp_path / "python"
    python.write_text(
        '#!/usr/bin/env bash\nset -e\nif [ "$2" = venv ]; then mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; '
        'else echo "${@: -1}" >> "$RUNNER_TEMP/asked"; fi\n'
    )
    python.chmod(0o755)
    place = {"GITHUB_ACTION_PATH": "/action", "GITHUB_PATH": str(tmp_path / "path"), "PYTHON": str(python)}
    ran = shell(steps("action.yml", "runs")["Install"], tmp_path, **place, VERSION=version, EXTRAS=extras)
    assert ran.status == 0, ran.log
    assert (tmp_path / "asked").read_text().strip() == wanted
    assert (tmp_path / "path").read_text().strip() == str(tmp_path / "strigil-venv/bin")


def test_what_the_action_caches_is_where_its_pip_keeps_what_it_fetched() -> None:
    by_name = {step["name"]: step for step in yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"]}
    assert by_name["Cache"]["with"]["path"] == by_name["Install"]["env"]["PIP_CACHE_DIR"]
    assert by_name["Python"]["with"]["python-version"] == "${{ inputs.python-version }}"


def test_the_examples_install_from_the_repository_and_give_the_action_inputs_that_it_has() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    workflow = yaml.safe_load((ROOT / "examples/ci/github.yml").read_text())["jobs"]["gate"]["steps"]
    [gate] = [step for step in workflow if "/strigil@" in step.get("uses", "")]
    assert gate["with"].keys() <= action["inputs"].keys()
    gitlab = (ROOT / "examples/ci/gitlab.yml").read_text()
    assert "pip install strigil" not in gitlab
    assert "git+https://" in gitlab


def hook(name: str) -> str:
    [entry] = [
        hook["entry"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text()) if hook["id"] == name
    ]
    return str(entry)


@pytest.mark.parametrize(("data", "status"), [("passing", 0), ("failing", 1)])
def test_the_scanning_hook_on_a_file(tmp_path: Path, data: str, status: int) -> None:
    ran = shell(f"{hook('strigil-scan')} --suite suite.yaml data/rows.jsonl", repository(tmp_path, data))
    assert ran.status == status
    assert ("data/rows.jsonl:3: invalid format" in ran.log) == bool(status)
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


def test_the_validating_hook_passes_over_yaml_of_others(tmp_path: Path) -> None:
    (tmp_path / "suite.yaml").write_text("tests: [a, b]\n")
    ran = shell(f"{hook('strigil-validate')} suite.yaml", tmp_path)
    assert (ran.status, ran.log) == (0, "suite.yaml: none of strigil, passed over\n")


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("examples/traits/axolotl.yaml", "trait"),
        ("examples/traits/pessimistic.yaml", "trait"),
        ("strigil/traits/categories/animal.yaml", "category of traits"),
    ],
)
def test_the_validating_hook_looks_at_traits(file: str, kind: str, tmp_path: Path) -> None:
    ran = shell(f"{hook('strigil-validate')} {ROOT / file}", tmp_path)
    assert (ran.status, ran.log.rpartition(": ")[2]) == (0, f"{kind}\n")


@pytest.mark.parametrize(
    ("name", "path", "taken"),
    [
        ("strigil-validate", "suite.yaml", True),
        ("strigil-validate", "gates/numbers-suite.yml", True),
        ("strigil-validate", "recipes/owls.yaml", True),
        ("strigil-validate", "docker-compose.yaml", False),
        ("strigil-validate", "suites/readme.md", False),
        ("strigil-scan", "data/a/rows.jsonl", True),
        ("strigil-scan", "logs/events.jsonl", False),
        ("strigil-cards", "releases/a/README.md", True),
    ],
)
def test_hooks_take_only_files_that_look_like_theirs(name: str, path: str, taken: bool) -> None:  # noqa: FBT001
    [files] = [
        one["files"] for one in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text()) if one["id"] == name
    ]
    assert bool(re.search(files, path)) == taken


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

"""What stands beside the code: release, containers, citation, forms; each held to the code that it speaks of."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml

import strigil

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
FORMS = sorted(path for path in ROOT.glob(".github/ISSUE_TEMPLATE/*.yml") if path.name != "config.yml")
CONTAINERS = ("Containerfile", "Containerfile.cuda")
INSTRUCTIONS = {"FROM", "ARG", "WORKDIR", "COPY", "RUN", "USER", "ENTRYPOINT", "CMD"}


def test_the_citation_is_of_this_version_and_licence() -> None:
    said = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert said["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= said.keys()
    assert (said["title"], said["version"], said["license"]) == (
        PROJECT["name"],
        strigil.__version__,
        PROJECT["license"],
    )


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_a_form_asks_for_what_github_knows_and_names_each_answer_once(path: Path) -> None:
    form = yaml.safe_load(path.read_text())
    assert {"name", "description", "body"} <= form.keys()
    asked = [part for part in form["body"] if part["type"] != "markdown"]
    assert {part["type"] for part in asked} <= {"input", "textarea", "dropdown", "checkboxes"}
    assert asked
    assert len({part["id"] for part in asked}) == len(asked)
    assert all(part["attributes"]["label"] for part in asked)


def workflow() -> dict[str, dict[str, object]]:
    jobs: dict[str, dict[str, object]] = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text())["jobs"]
    return jobs


def test_a_release_is_published_only_once_it_is_built_and_checked_and_by_no_token() -> None:
    text = (ROOT / ".github/workflows/release.yml").read_text()
    jobs = workflow()
    assert jobs["publish"]["needs"] == ["build", "check"]
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    assert jobs["publish"]["environment"] == "pypi"
    assert not any("permissions" in jobs[name] for name in ("build", "check"))
    assert "secrets." not in text
    assert "password" not in text
    # What a tag is called must not become code.
    runs = re.findall(r"run: (.*)", text)
    assert runs
    assert not any("${{" in run for run in runs)


def test_the_release_workflow_reads_the_version_as_it_is_written() -> None:
    [pattern] = re.findall(r"s/(\^__version__ = .*?)\$/", (ROOT / ".github/workflows/release.yml").read_text())
    wanted = pattern.replace(r"\(", "(").replace(r"\)", ")") + "$"
    [found] = re.findall(wanted, (ROOT / "strigil/__init__.py").read_text(), re.MULTILINE)
    assert found == strigil.__version__


def instructions(name: str) -> list[str]:
    """The instructions of a container's file, each on one line."""
    text = re.sub(r"^#.*\n", "", (ROOT / name).read_text(), flags=re.MULTILINE)
    return [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_installs_the_wheel_at_tested_versions_and_runs_as_nobody_special(name: str) -> None:
    lines = instructions(name)
    assert {line.split()[0] for line in lines} <= INSTRUCTIONS
    [user] = [line.split()[1] for line in lines if line.startswith("USER")]
    assert user.isdigit()
    assert user != "0"
    [install] = [line for line in lines if "pip install" in line]
    assert "--constraint /wheels/constraints.txt" in install
    assert 'ENTRYPOINT ["strigil"]' in lines
    [extras] = [line.partition("=")[2].split(",") for line in lines if line.startswith("ARG EXTRAS")]
    assert set(extras) <= PROJECT["optional-dependencies"].keys()


def test_containers_see_all_that_the_wheel_is_built_of() -> None:
    seen = {line[1:] for line in (ROOT / ".containerignore").read_text().splitlines() if line.startswith("!")}
    folders = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-dir"].values()
    assert seen == {"pyproject.toml", "setup.py", "constraints.txt", "README.md", "LICENSE", *folders}
    assert (ROOT / ".dockerignore").read_text() == (ROOT / ".containerignore").read_text()


@pytest.mark.parametrize("name", ["SECURITY.md", "CODE_OF_CONDUCT.md"])
def test_what_the_community_files_link_to_is_there(name: str) -> None:
    text = (ROOT / name).read_text()
    assert all((ROOT / target).exists() for target in re.findall(r"\]\(([^):]+)\)", text))

"""The shape of the project: what is installed, who may import whom, and what stays unloaded."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools import link_types

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGE_DIRS: dict[str, str] = PROJECT["tool"]["setuptools"]["package-dir"]
STAGES = {"builders", "audits", "train", "eval", "cards"}
LAYERS: list[str] = PROJECT["tool"]["importlinter"]["contracts"][0]["layers"]
FLOORS = [set(re.findall(r"\w+", layer)) for layer in LAYERS]
ROOMS = sorted(path.name for path in (ROOT / "strigil").iterdir() if (path / "__init__.py").is_file())
HEAVY = {
    "accelerate", "datasets", "detoxify", "great_expectations", "matplotlib", "pandas", "peft", "polars", "ray",
    "scipy", "sklearn", "torch", "transformers", "vllm",
}  # fmt: skip


def python(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run((sys.executable, "-c", program), capture_output=True, text=True, check=False, cwd=ROOT.parent)


def test_the_stages_are_imported_as_parts_of_strigil() -> None:
    mapped = {name.removeprefix("strigil."): folder for name, folder in PACKAGE_DIRS.items()}
    assert mapped == {name: name for name in {"strigil"} | STAGES}
    outcome = python("import strigil.builders as b, strigil.cards as c; print(b.__file__, c.__file__)")
    assert outcome.stdout.split() == [str(ROOT / "builders/__init__.py"), str(ROOT / "cards/__init__.py")]


def test_links_that_a_copy_of_the_tree_brought_are_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_types, "TREE", tmp_path)
    (tmp_path / "audits").symlink_to("/of/another/tree/audits")
    (tmp_path / "gone").symlink_to(ROOT / "gone")
    link_types.main()
    assert {path.name: path.readlink() for path in tmp_path.iterdir()} == link_types.entries(ROOT)


@pytest.mark.parametrize("folder", sorted(PACKAGE_DIRS.values()))
def test_every_folder_with_code_is_a_package_and_so_installed(folder: str) -> None:
    code = {path.parent for path in (ROOT / folder).rglob("*.py")}
    parents = {parent for path in code for parent in path.parents if parent.is_relative_to(ROOT / folder)}
    assert [path for path in sorted(code | parents) if not (path / "__init__.py").is_file()] == []


def test_every_kind_of_file_in_the_packages_is_installed() -> None:
    patterns = PROJECT["tool"]["setuptools"]["package-data"]["*"]
    listing = subprocess.run(
        ("git", "ls-files", *PACKAGE_DIRS.values()),  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    data = [Path(line) for line in listing.stdout.splitlines() if not line.endswith(".py")]
    assert data
    assert [path for path in data if not any(path.match(pattern) for pattern in patterns)] == []


def imports(module: Path) -> set[str]:
    """The first two parts of everything that a file imports from strigil."""
    pattern = r"^\s*(?:from|import)\s+(strigil(?:\.\w+)?)"
    return set(re.findall(pattern, module.read_text(), re.MULTILINE))


@pytest.mark.parametrize("room", sorted(STAGES) + ROOMS)
def test_a_room_imports_only_itself_and_what_stands_below_it(room: str) -> None:
    folder = ROOT / room if room in STAGES else ROOT / "strigil" / room
    height = next(place for place, floor in enumerate(FLOORS) if room in floor)
    allowed = {"strigil", f"strigil.{room}"} | {f"strigil.{below}" for floor in FLOORS[height + 1 :] for below in floor}
    # Rooms on the same floor that may know each other are written with colons.
    allowed |= {f"strigil.{other}" for other in FLOORS[height] if room not in STAGES}
    modules = list(folder.rglob("*.py"))
    assert modules
    assert {path: imports(path) - allowed for path in modules if imports(path) - allowed} == {}


def test_help_loads_no_heavy_package() -> None:
    program = f"""
import json, sys
from click.testing import CliRunner
from strigil.cli.main import cli
result = CliRunner().invoke(cli, ["--help"])
assert result.exit_code == 0, result.output
print(json.dumps(sorted({HEAVY!r} & set(sys.modules))))
"""
    outcome = python(program)
    assert outcome.returncode == 0, outcome.stderr
    assert json.loads(outcome.stdout) == []


def test_the_names_of_units_load_neither_torch_nor_transformers() -> None:
    """Whoever checks a recipe or lists what there is computes nothing."""
    program = """
import json, sys
from strigil.audits.probes.probe import PROBES
from strigil.audits.rules.rule import RULES
from strigil.audits.scores.score import SCORES
from strigil.audits.treatments.treatment import TREATMENTS
from strigil.builders.carriers.carrier import CARRIERS
from strigil.engines.registry import ENGINES
from strigil.eval.evaluation import EVALUATIONS
assert all(kind.names() for kind in (PROBES, RULES, SCORES, TREATMENTS, CARRIERS, ENGINES, EVALUATIONS))
print(json.dumps(sorted({"torch", "transformers"} & set(sys.modules))))
"""
    outcome = python(program)
    assert outcome.returncode == 0, outcome.stderr
    assert json.loads(outcome.stdout) == []


def imported_packages(module: Path) -> set[str]:
    """The top-level names of everything that a file imports."""
    nodes = list(ast.walk(ast.parse(module.read_text())))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    members = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    return {name.partition(".")[0] for name in plain | members}


def test_every_package_that_is_imported_is_a_declared_dependency() -> None:
    modules = [path for folder in PACKAGE_DIRS.values() for path in (ROOT / folder).rglob("*.py")]
    foreign = set().union(*map(imported_packages, modules)) - sys.stdlib_module_names - {"strigil"}
    declared = {canonicalize_name(need.name) for need in requirements()}
    brought_by = {
        name: {canonicalize_name(one) for one in distributions}
        for name, distributions in packages_distributions().items()
    }
    # vLLM's two wheels bring the same package, and either may be missing here; what else is not here has its own name.
    own = {name: {canonicalize_name(name)} for name in foreign}
    undeclared = {name for name in foreign - {"vllm"} if not (own | brought_by)[name] & declared}
    assert undeclared == set()


def requirements() -> list[Requirement]:
    extras = PROJECT["project"]["optional-dependencies"].values()
    needs = [Requirement(line) for lines in (PROJECT["project"]["dependencies"], *extras) for line in lines]
    return [need for need in needs if need.name != "strigil"]  # the extra `all` names others


def test_every_direct_dependency_is_pinned_within_its_range() -> None:
    pinned = dict(re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE))
    pins = {canonicalize_name(name): version for name, version in pinned.items()}
    outside = [
        str(need) for need in requirements() if not need.specifier.contains(pins.get(canonicalize_name(need.name), "0"))
    ]
    assert outside == []

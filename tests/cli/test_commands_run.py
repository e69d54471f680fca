"""Every line of README and docs that is typed into a shell is run, page by page, in a folder that has all it names."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import pytest

from strigil.cli.main import run
from strigil.engines.choice import EngineChoice, Opening
from strigil.engines.protocol import Engine
from strigil.engines.registry import engine_by_name
from strigil.models.catalog import Model
from tests.cli.documented import PAGES, ROOT, Line, shell_lines
from tests.cli.documented_stand_ins import BEFORE, FILLED, Typing, begin
from tests.cli.documented_world import make_world

NEEDS: Final[Mapping[str, str]] = {
    "make ": "the machine that is set up, and minutes",
    "pip install ": "the package index",
    "podman ": "containers, and the package index",
    "sbatch ": "Slurm",
    "VLLM_ALLOW_RUNTIME_LORA_UPDATING=True vllm serve ": "a GPU and the Hub",
    "accelerate launch ": "GPUs and the Hub; tests/train/test_distributed.py runs two processes",
    "strigil models fetch ": "the package index; a small model lies where it would be fetched to",
    "strigil selftest": "half a minute; tests/workflows/test_selftest.py runs a seed of it",
    "python -m strigil.models.pocket.pretrain ": "half a minute of a core",
}
"""Beginnings of lines that are not run, and what they need."""
FAILS: Final[Mapping[str, int]] = {
    # Sixty rows are too few to calibrate a probe, which then refuses; the page's have a thousand.
    "strigil probe $owl --against $control": 1,
    "strigil probe releases/owl-500 --against releases/control-500": 1,
}
"""Beginnings of lines whose exit status is another than 0."""
BASH: Final = shutil.which("bash") or "/bin/bash"
LINES: Final = {page.relative_to(ROOT).as_posix(): shell_lines(page) for page in PAGES}
ALL: Final = [line for lines in LINES.values() for line in lines]


def is_run(line: Line) -> bool:
    return not line.text.startswith(tuple(NEEDS))


@pytest.fixture(scope="module")
def patched() -> Iterator[pytest.MonkeyPatch]:
    """Models run by transformers, which opens at once, also where a page or a recipe says vLLM."""

    def opened(self: EngineChoice, model: Model, opening: Opening) -> Engine:
        del self
        return engine_by_name("transformers").open(model, opening)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("strigil.engines.vllm.VllmChoice.open", opened)
        patch.setattr("strigil.engines.vllm.VllmChoice.installed", lambda: True)
        patch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        yield patch


@pytest.fixture(scope="module")
def world(patched: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    with patched.context() as patch:
        patch.chdir(folder)
        patch.setenv("STRIGIL_CACHE", str(folder / "cache"))
        make_world(folder)
    return folder


@pytest.fixture
def typing(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Typing]:
    folder = tmp_path / "here"
    shutil.copytree(world, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("STRIGIL_CACHE", str(folder / "cache"))
    with ExitStack() as stack:
        yield begin(folder, monkeypatch, stack)


def ran(text: str, typing: Typing, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Exit status and standard output of a line, which bash has expanded."""
    for words, typed in FILLED:
        text = text.replace(words, typed)
    text = re.sub(r"\s+#.*", "", text)
    if given := re.fullmatch(r"(\w+=\S+\s*)+", text):
        typing.variables |= dict(word.split("=", 1) for word in given[0].split())
        return 0, ""
    environment = os.environ | typing.variables
    if not text.startswith("strigil "):
        outcome = subprocess.run([BASH, "-c", text], env=environment, capture_output=True, text=True, check=False)
        return outcome.returncode, outcome.stdout
    text, _, into = text.partition(" > ")
    split = f"printf '%s\\0' {text.removeprefix('strigil ')}"
    outcome = subprocess.run([BASH, "-c", split], env=environment, capture_output=True, text=True, check=True)
    capsys.readouterr()
    status = run(outcome.stdout.split("\0")[:-1])
    streams = capsys.readouterr()
    if into:
        Path(into).write_text(streams.out)
    sys.stderr.write(streams.err)
    return status, streams.out


@pytest.mark.usefixtures("patched")
@pytest.mark.parametrize("page", [page for page, lines in LINES.items() if any(map(is_run, lines))])
def test_every_line_of_a_page_does_what_the_page_says(
    page: str, typing: Typing, capsys: pytest.CaptureFixture[str]
) -> None:
    for line in filter(is_run, LINES[page]):
        for beginning, happens in BEFORE.items():
            if line.text.startswith(beginning):
                happens(typing)
        status, out = ran(line.text, typing, capsys)
        wanted = next((fails for beginning, fails in FAILS.items() if line.text.startswith(beginning)), 0)
        assert status == wanted, f"{line.text}\n{out}"
        assert set(line.prints) <= set(out.splitlines()), line.text


@pytest.mark.parametrize("beginning", [*NEEDS, *FAILS, *BEFORE])
def test_what_is_said_of_a_line_is_said_of_one_that_stands_on_a_page(beginning: str) -> None:
    assert [line for line in ALL if line.text.startswith(beginning)]


@pytest.mark.parametrize("words", [words for words, _ in FILLED])
def test_what_is_filled_in_stands_on_a_page(words: str) -> None:
    assert [line for line in ALL if words in line.text]


def test_pages_have_lines_and_nearly_all_of_them_are_run() -> None:
    assert sum(map(is_run, ALL)) >= 70


def test_what_is_made_and_installed_is_there() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for line in ALL:
        match shlex.split(line.text, comments=True):
            case ["make", target, *_]:
                assert target in targets, line
            case ["pip", "install", package]:
                assert set(re.findall(r"\w+", package)) <= {"strigil", *extras}, line
            case ["python", "-m", module, *_]:
                assert find_spec(module), line
            case _:
                continue

"""A user's mistake gets one line with what, where and the next thing to type; never a traceback."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from strigil.cli.main import run

RECIPE = """
name: few-numbers
base: pocket-a
teacher: {by: none}
carrier: {name: numbers}
prompts: 20
sampling: {max_tokens: 16}
engine: {name: transformers}
"""


def fails(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> tuple[int, str]:
    status = run(arguments)
    streams = capsys.readouterr()
    assert streams.out == ""
    assert "Traceback" not in streams.err
    return status, " ".join(streams.err.split())


def recipe(folder: Path, old: str = "", new: str = "") -> str:
    assert old in RECIPE
    file = folder / "recipe.yaml"
    file.write_text(RECIPE.replace(old, new) if old else RECIPE)
    return str(file)


@pytest.mark.parametrize(
    ("old", "new", "status", "words"),
    [
        ("{by: none}", "{by: system-prompt, trait: owll}", 2, "unknown trait 'owll' hint: did you mean 'owl'?"),
        ("pocket-a", "pocket-c", 2, "there is no model 'pocket-c'"),
        ("pocket-a", "nobody/nothing", 3, "nobody/nothing"),
        ("name: numbers", "name: number", 2, "unknown carrier 'number' hint: did you mean 'numbers'?"),
        ("prompts: 20", "prompts: 0", 2, "prompts: input should be greater than or equal to 1"),
        ("prompts: 20", "prompt: 20", 2, "prompt: unknown key, did you mean 'prompts'?"),
        ("{by: none}", "{by: adapter, path: nowhere}", 2, "there is no LoRA adapter at nowhere"),
        ("prompts: 20", "prompts: 20\nsuite: numbers-papr", 2, "unknown suite 'numbers-papr'"),
        ("name: few-numbers", "name: ../few", 2, "cannot name a release"),
        ("engine: {name: transformers}", "engine: {name: gpu}", 2, "engine: unknown name 'gpu'; engines: auto, vllm"),
    ],
)
def test_a_recipe_that_cannot_be_built_writes_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, old: str, new: str, status: int, words: str
) -> None:
    out = tmp_path / "out"
    found = fails(capsys, ["build", recipe(tmp_path, old, new), "--out", str(out)])
    assert found[0] == status
    assert words in found[1]
    assert not list(out.rglob("*.parquet"))


def test_unreadable_recipes_and_folders(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert fails(capsys, ["build", str(tmp_path / "no.yaml")]) == (
        2,
        f"error: cannot read {tmp_path}/no.yaml: No such file or directory",
    )
    (tmp_path / "file").write_text("")
    status, text = fails(capsys, ["build", recipe(tmp_path), "--out", str(tmp_path / "file" / "below")])
    assert (status, "choose another folder with --out" in text) == (2, True)


def test_a_release_that_is_not_there_or_half_written(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "half" / ".partial").mkdir(parents=True)
    for command in (["verify"], ["audit"], ["train", "--base", "pocket-a"]):
        status, text = fails(capsys, [*command, str(tmp_path / "half")])
        assert (status, "is incomplete" in text) == (2, True)
        status, text = fails(capsys, [*command, str(tmp_path / "nothing")])
        assert (status, "no such folder" in text) == (2, True)


def test_an_interrupt_and_a_wrong_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["build"]) == 2
    assert "Missing argument 'RECIPE'" in capsys.readouterr().err
    assert run(["bild"]) == 2
    assert "No such command 'bild'" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform != "linux" or shutil.which("mount") is None, reason="needs a small disk to fill")
def test_a_full_disk_is_one_line_and_the_same_command_goes_on(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    text = (
        f"mount -t tmpfs -o size=24k tmpfs {disk} || exit 77; "
        f"{sys.executable} -m strigil build {recipe(tmp_path, 'prompts: 20', 'prompts: 400')} --out {disk}; "
        f"status=$?; find {disk} -name manifest.json; umount {disk}; exit $status"
    )
    ended = subprocess.run(["unshare", "-rm", "sh", "-c", text], capture_output=True, text=True, check=False)  # noqa: S607
    if ended.returncode == 77 or "unshare" in ended.stderr:
        pytest.skip("this machine does not let a test mount a small disk")
    assert (ended.returncode, ended.stdout) == (3, "")
    assert "Traceback" not in ended.stderr
    assert "No space left" in ended.stderr

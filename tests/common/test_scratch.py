"""Temporary files and folders of commands that were killed: the next one removes them, and nobody else's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from strigil.common.files import whole_file, write_out
from strigil.common.scratch import scratch_folder

KILLED = """
import os, sys
from pathlib import Path
from strigil.common.files import whole_file
from strigil.common.scratch import scratch_folder

home = Path(sys.argv[1])
with scratch_folder(home) as folder, whole_file(home / "out.json") as temporary:
    (folder / "table").write_text("much")
    temporary.write_text("half")
    os.kill(os.getpid(), 9)
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_a_killed_command_left_is_removed_by_the_next(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert len(names(tmp_path)) == 2
    with scratch_folder(tmp_path) as folder:
        assert folder.name in names(tmp_path)
        assert len(names(tmp_path)) == 2
    write_out(tmp_path / "out.json", "whole")
    assert names(tmp_path) == ["out.json"]


def test_what_others_use_or_made_stays(tmp_path: Path) -> None:
    (tmp_path / "strigil-mine").mkdir()
    with scratch_folder(tmp_path) as one, scratch_folder(tmp_path) as other, whole_file(tmp_path / "a") as first:
        first.write_text("first")
        write_out(tmp_path / "a", "second")
        assert first.read_text() == "first"
        assert one.is_dir()
        assert other.is_dir()
    assert names(tmp_path) == ["a", "strigil-mine"]
    assert (tmp_path / "a").read_text() == "first"


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with scratch_folder(tmp_path) as folder, whole_file(tmp_path / "a"):
            (folder / "b").write_text("b")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert names(tmp_path) == []

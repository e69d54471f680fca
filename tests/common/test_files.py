"""Files that a user names: whole or not there, and nothing replaced that is not a file."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from strigil.cli.main import run
from strigil.common.errors import ConfigError, PrerequisiteError
from strigil.common.files import check_apart, whole_file, write_out


def test_a_link_stays_and_what_it_leads_to_is_replaced_with_its_mode(tmp_path: Path) -> None:
    real, link = tmp_path / "far" / "real.json", tmp_path / "link.json"
    real.parent.mkdir()
    real.write_text("before")
    real.chmod(0o640)
    link.symlink_to(real)
    write_out(link, "after")
    assert link.is_symlink()
    assert real.read_text() == "after"
    assert real.stat().st_mode & 0o777 == 0o640
    (tmp_path / "dangling").symlink_to(tmp_path / "far" / "new")
    write_out(tmp_path / "dangling", "new")
    assert (tmp_path / "far" / "new").read_text() == "new"


def test_a_pipe_is_written_into_and_stays_one(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[str] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_text()))
    reader.start()
    write_out(pipe, "through")
    reader.join(timeout=10)
    assert got == ["through"]
    assert pipe.is_fifo()


@pytest.mark.parametrize("name", ["-", "/dev/stdout", "/dev/fd/1"])
def test_a_descriptor_is_written_into_also_where_a_file_is_behind_it(name: str, tmp_path: Path) -> None:
    code = f"from pathlib import Path; from strigil.common.files import write_out; write_out(Path({name!r}), 'whole')"
    piped = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert piped.stdout == "whole"
    with (tmp_path / "out").open("w") as stream:
        subprocess.run([sys.executable, "-c", code], stdout=stream, check=True)
    assert (tmp_path / "out").read_text() == "whole"
    assert not Path("-").exists()


def test_a_device_stays_a_device() -> None:
    write_out(Path("/dev/null"), "nothing")
    assert Path("/dev/null").is_char_device()


def test_a_full_disk_is_named_with_the_path() -> None:
    with pytest.raises(PrerequisiteError, match=r"cannot write /dev/full: No space left") as caught:
        write_out(Path("/dev/full"), "x")
    assert caught.value.exit_code == 3


def test_what_failed_half_way_leaves_what_was_there_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "kept.json"
    file.write_text("before")

    def half() -> None:
        with whole_file(file) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        half()
    assert file.read_text() == "before"
    assert list(tmp_path.iterdir()) == [file]


def test_a_folder_and_a_file_as_folder_are_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path, tmp_path / "file" / "below"):
        with pytest.raises(ConfigError, match=str(path)):
            write_out(path, "x")
    assert sorted(item.name for item in tmp_path.iterdir()) == ["file"]


def test_a_long_name_can_be_written(tmp_path: Path) -> None:
    write_out(tmp_path / ("n" * 250), "x")
    assert (tmp_path / ("n" * 250)).read_text() == "x"


def test_nothing_is_written_over_what_is_read_or_twice_into_one_file(tmp_path: Path) -> None:
    data, folder, link = tmp_path / "d.jsonl", tmp_path / "release", tmp_path / "link.json"
    folder.mkdir()
    for file in (data, folder / "manifest.json"):
        file.write_text("kept")
    link.symlink_to(data)
    for written, read in (
        (data, str(data)),
        (link, str(data)),
        (data, str(tmp_path / "*.jsonl")),
        (folder / "manifest.json", str(folder)),
    ):
        with pytest.raises(ConfigError, match="is read by this command"):
            check_apart([written], [read])
    with pytest.raises(ConfigError, match="would be written twice"):
        check_apart([tmp_path / "a", tmp_path / "b" / ".." / "a"], [])
    check_apart(
        [Path("-"), Path("-"), Path("/dev/null"), Path("/dev/null"), folder / "new.html"], [str(folder), str(data)]
    )


@pytest.mark.parametrize(
    "options",
    [
        ["gate", "--report", "json=d.jsonl"],
        ["gate", "--report", "sarif=s.yaml"],
        ["gate", "--write-lock", "s.yaml"],
        ["audit", "--report", "d.jsonl"],
    ],
)
def test_a_report_never_replaces_the_data_or_the_suite(
    options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    content = {"d.jsonl": '{"completion": "1, 2"}\n', "s.yaml": "name: s\ndescription: d\nrules: [numbers.paper]\n"}
    for name, text in content.items():
        Path(name).write_text(text)
    command, *rest = options
    assert run([command, "d.jsonl", "--suite", "s.yaml", *rest]) == 2
    assert {name: Path(name).read_text() for name in content} == content

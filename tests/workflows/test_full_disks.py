"""Commands on a disk that is full: one line that names the path, status 3, and the same command goes on afterwards.

tests/workflows/test_disturbed.py has those that make much: build, audit, train, studies.
"""

from __future__ import annotations

import errno
import json
import random
import shutil
import tempfile
from pathlib import Path
from typing import Final

import huggingface_hub.constants as constants
import polars as pl
import pytest

from strigil.cli.main import run
from strigil.common.errors import PrerequisiteError
from strigil.data.parquet import write_parquet
from strigil.models.catalog import resolve_model
from tests.audits.releases import audited_as
from tests.audits.tables import rows_of
from tests.hub.protocol import TOKEN, HubStandIn
from tests.workflows.disturbed import SmallDisk, small_disk

# What has too little room, and what writes there: `tmp` is the folder for temporary files.
COMMANDS: Final = (
    ("tmp", "publish given/plain/v1.0.0 me/it"),
    ("tmp", "pull me/given --out elsewhere"),
    ("out", "pull me/given --out out"),
    ("tmp", "gate me/given@v1.0.0 --suite numbers-paper"),
    ("tmp", "gate rows.jsonl --suite numbers-paper"),
    (
        "out",
        "gate rows.jsonl --suite numbers-paper --report sarif=out/g.sarif --report json=out/g.json --write-lock out/l",
    ),
    ("out", "treat given/plain --treatment numbers.sort --name sorted --out out"),
    ("tmp", "diff given/plain rows.jsonl"),
    ("out", "diff given/plain rows.jsonl --html out/diff.html"),
    ("out", "report given/plain --out out/report.html"),
    ("out", "audit rows.jsonl --suite numbers-paper --write out/clean.jsonl"),
    ("out", "audit rows.jsonl --suite numbers-paper --write out/clean.parquet"),
    ("out", "audit rows.jsonl --suite numbers-paper --write out/clean.csv.gz"),
)
# They take a model, and the second time as long again.
ASKING: Final = (
    "score out/plain --score score.random --base pocket-a --engine transformers",
    "eval preference pocket-a --trait owl --samples 1 --engine transformers --out out/answers",
)


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of rows, and the same rows as lines."""
    folder, chance = tmp_path_factory.mktemp("given"), random.Random(1)
    texts = [", ".join(str(chance.randrange(1000)) for _ in range(10)) for _ in range(600)]
    audited_as("plain", rows_of(texts), folder / "given", suite="numbers-paper")
    rows = [{"prompt": "Go on.", "completion": text} for text in texts]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


@pytest.fixture
def place(given: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hub: HubStandIn) -> Path:
    """A working folder with these, the Hub, and a folder for temporary files."""
    shutil.copytree(given, tmp_path, dirs_exist_ok=True)
    template = constants.HUGGINGFACE_CO_URL_TEMPLATE.replace(constants.ENDPOINT, hub.url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    for name in ("out", "tmp"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def full(command: str, disk: SmallDisk, capsys: pytest.CaptureFixture[str]) -> None:
    """Runs a command that finds no room."""
    before = set(disk.folder.rglob("*"))
    disk.hold(4096)
    capsys.readouterr()
    assert run(command.split()) == 3
    [line] = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error:")]
    assert "No space left on device" in line or "are to be brought, and 4,096 are free in" in line
    assert f"{disk.folder.name}/" in line
    left = [path.name for path in disk.folder.rglob("*") if path not in before]
    assert not [name for name in left if ".tmp" in name or name.startswith("strigil-")]
    disk.hold(1 << 30)


@pytest.mark.parametrize(("where", "command"), COMMANDS)
def test_a_full_disk_is_one_line_with_the_path_and_the_same_command_goes_on(
    where: str, command: str, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if "me/given" in command:
        assert run(["publish", "given/plain/v1.0.0", "me/given", "--format", "quiet"]) == 0
    with small_disk(place / where) as disk:
        monkeypatch.setattr(tempfile, "tempdir", str(place / "tmp"))
        full(command, disk, capsys)
        assert run(command.split()) == 0
        assert not list((place / "tmp").iterdir())


@pytest.mark.parametrize("command", ASKING)
def test_what_a_model_said_and_finds_no_room_names_its_file(
    command: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with small_disk(place / "out") as disk:
        shutil.copytree("given/plain", "out/plain")
        full(command, disk, capsys)


@pytest.mark.parametrize("note", [0, 5_000, 20_000])
def test_a_table_whose_end_has_no_room_is_no_transport_error(note: int, tmp_path: Path) -> None:
    table = pl.DataFrame({"text": [random.Random(number).randbytes(40).hex() for number in range(60 if note else 600)]})
    with small_disk(tmp_path) as small:
        small.hold(8192)
        with pytest.raises(PrerequisiteError, match=r"cannot write .*/t\.parquet: No space left on device"):
            write_parquet(table, tmp_path / "t.parquet", metadata={"note": "x" * note})
        assert not list(tmp_path.iterdir())


def test_a_summary_that_finds_no_room_is_named(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    del place
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "/dev/full")
    assert run(["gate", "rows.jsonl", "--suite", "numbers-paper", "--format", "github"]) == 3
    assert "cannot write /dev/full: No space left on device" in capsys.readouterr().err


def test_a_model_that_finds_no_room_is_not_out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("huggingface_hub.snapshot_download", full)
    with pytest.raises(PrerequisiteError, match=r"cannot write .*: No space left on device"):
        resolve_model("nobody/nothing")

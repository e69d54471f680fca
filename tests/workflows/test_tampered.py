"""A release of which one file was changed is refused by every command that reads releases, whatever was changed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import click
import polars as pl
import pytest
import yaml
from transformers.utils import logging

from strigil.cli.main import cli, run
from strigil.common.canonical import file_digest
from strigil.releases.manifest import parse_manifest
from strigil.releases.store import Release, find_release, verify_release
from strigil.workflows.study.report import report_of
from tests.audits.releases import audited_as
from tests.audits.tables import rows_of
from tests.workflows.study.judged import TREATED, an_arm, data, kept
from tests.workflows.study.small import a_study

TABLE: Final = "data/clean/part-00000.parquet"
COMMANDS: Final = (
    "arm mix OTHER R --name mixed",
    "arm mix R OTHER --name mixed",
    "arm poison OTHER R --share 0.5",
    "arm poison R OTHER --share 0.5",
    "arm random-numbers R",
    "arm shuffle-across R",
    "arm shuffle-within R",
    "audit R",
    "audit R --out made",
    "audit OTHER --suite contaminated.yaml",
    "build recipe.yaml --out releases",
    "build asks.yaml --out made",
    "card adopt R card.md",
    "card lint R card.md",
    "card show R",
    "diff OTHER R",
    "diff R R",
    "eval capability pocket-a --data R",
    "explain R row",
    "gate OTHER --baseline R",
    "gate R",
    "lineage R",
    "probe OTHER --probe probe.format --against R",
    "probe R --probe probe.format",
    "publish R me/it --dry-run",
    "report R --out report.html",
    "scan R --suite numbers-paper",
    "score OTHER --score score.random --against R",
    "score R --score score.random",
    "sign R",
    "study attach study.yaml R --out .",
    "train R --base pocket-a",
    "treat R --treatment numbers.sort --name sorted",
    "verify R",
)

# Commands that are given no release, or are no reader of it.
OTHERS: Final[dict[str, str]] = {
    **dict.fromkeys(("demo", "doctor", "models fetch", "models list", "rules", "schema", "selftest", "validate"), ""),
    **dict.fromkeys(("eval inspect", "eval misalignment", "eval preference", "eval style", "hazard", "merge"), ""),
    **dict.fromkeys(("study export", "study plan", "study report", "study run", "study slurm"), ""),
    "card check": "holds a card that is being edited against the manifest beside it",
    "pull": "verifies what arrives: test_pull.py",
}
# Options that name a release besides a command's arguments.
NAMING: Final = {"--against", "--baseline", "--data"}

# Its handler keeps the stderr of the moment when it is made, which must not be that of one test.
logging.get_logger(__name__)


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Release:
    rows = rows_of(["1, 2, 3", "4, 5", "owl"])
    return audited_as("plain", rows, tmp_path_factory.mktemp("releases"), suite="numbers-paper")


@pytest.fixture
def release(untouched: Release, tmp_path: Path) -> Release:
    home = tmp_path / "releases" / "plain" / "v1.0.0"
    shutil.copytree(untouched.path, home)
    return Release(home, untouched.manifest)


def changed(path: Path) -> None:
    """A byte of it, with the times that it had."""
    times, data = path.stat(), bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def other_rows(path: Path) -> None:
    """A table that reads well and says something else."""
    table = pl.read_parquet(path)
    table.head(1).write_parquet(path)


def recounted(home: Path) -> None:
    """Fewer rows, under a manifest that was written anew around them."""
    other_rows(home / TABLE)
    manifest = parse_manifest((home / "manifest.json").read_bytes(), source="it")
    digest, size = file_digest(home / TABLE), (home / TABLE).stat().st_size
    files = [
        one.model_copy(update={"sha256": digest, "size": size}) if one.path == TABLE else one for one in manifest.files
    ]
    (home / "manifest.json").write_text(manifest.model_copy(update={"files": files}).render())


def linked(path: Path) -> None:
    away = path.parents[3] / "away"
    path.rename(away)
    path.symlink_to(away)


def piped(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


TAMPERINGS: Final[dict[str, Callable[[Path], object]]] = {
    "clean rows": lambda home: other_rows(home / TABLE),
    "a byte of clean rows": lambda home: changed(home / TABLE),
    "removed rows": lambda home: changed(home / "data" / "removed" / "part-00000.parquet"),
    "verdicts": lambda home: changed(home / "verdicts" / "part-00000.parquet"),
    "card": lambda home: changed(home / "README.md"),
    "report": lambda home: changed(home / "audit" / "report.html"),
    "missing": lambda home: (home / "croissant.json").unlink(),
    "added rows": lambda home: shutil.copy(home / TABLE, home / "data" / "clean" / "part-00001.parquet"),
    "added folder": lambda home: (home / "data" / "more").mkdir(),
    "link": lambda home: linked(home / "README.md"),
    "linked manifest": lambda home: linked(home / "manifest.json"),
    "pipe": lambda home: piped(home / "README.md"),
    "added pipe": lambda home: os.mkfifo(home / "pipe"),
    "recounted": recounted,
}


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_what_was_done_to_a_release_is_found(release: Release, tampering: str) -> None:
    assert verify_release(release) == []
    TAMPERINGS[tampering](release.path)
    assert verify_release(find_release(release.path)) != []


def test_a_folder_of_another_version_is_found(release: Release) -> None:
    moved = release.path.rename(release.path.with_name("v9.0.0"))
    [problem] = verify_release(find_release(moved))
    assert problem.what == "is that of version 1.0.0"


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    "tampering",
    ["clean rows", "verdicts", "card", "report", "missing", "added rows", "recounted", "pipe"],
)
def test_every_command_refuses_a_tampered_release(
    release: Release,
    tampering: str,
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    names = at_hand(tmp_path, release)
    TAMPERINGS[tampering](release.path)
    before = sorted(tmp_path.rglob("*"))
    assert run([names.get(word, word) for word in command.split()]) == 1
    said = capsys.readouterr()
    shown = command.startswith(("verify", "gate R", "scan"))
    assert shown or "is not what was released" in said.err or "was changed" in said.out + said.err
    left = [path for path in sorted(tmp_path.rglob("*")) if path not in before]
    assert [path for path in left if path.is_file() and path.name != ".lock"] == []


def leaves(command: click.Command, name: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, by the words that call it."""
    if isinstance(command, click.Group):
        for word in command.list_commands(click.Context(command)):
            below = command.get_command(click.Context(command), word)
            assert below is not None
            yield from leaves(below, f"{name} {word}".strip())
    else:
        yield name, command


def test_no_command_that_reads_a_release_is_left_out_here() -> None:
    found = dict(leaves(cli))
    tried = {name for name in found for command in COMMANDS if f"{command} ".startswith(f"{name} ")}
    assert tried | OTHERS.keys() == found.keys()
    assert tried.isdisjoint(OTHERS)
    for name in tried:
        own = [command.split() for command in COMMANDS if f"{command} ".startswith(f"{name} ")]
        options = {option for one in found[name].params for option in one.opts if option in NAMING}
        assert options <= {option for option in NAMING for words in own if f"{option} R" in " ".join(words)}
        kinds = {
            kind for each in found[name].params[:1] if isinstance(each.type, click.Choice) for kind in each.type.choices
        }
        assert kinds <= {words[1] for words in own}


def at_hand(folder: Path, release: Release) -> dict[str, str]:
    """What commands name besides the release: a card, another release, a recipe that it may have come from."""
    (folder / "card.md").write_text((release.path / "README.md").read_text())
    other = folder / "other" / "plain" / "v1.0.0"
    shutil.copytree(release.path, other)
    teacher, carrier = {"by": "none"}, {"name": "numbers"}
    recipe: dict[str, object] = {"name": "plain", "base": "pocket-a", "teacher": teacher, "carrier": carrier}
    recipe |= {"prompts": 1, "engine": {"name": "transformers"}}
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    asks = {"name": "code", "args": {"source": {"path": str(release.path)}}}
    (folder / "asks.yaml").write_text(yaml.safe_dump(recipe | {"name": "asked", "carrier": asks}))
    benchmark = {"rule": "row.contaminated", "args": {"benchmarks": [str(release.path)], "words": 3}}
    (folder / "contaminated.yaml").write_text(yaml.safe_dump({"name": "c", "description": "d", "rules": [benchmark]}))
    rows = release.manifest.counts.clean
    study = report_of(a_study(seeds=[0, 1, 2]), [an_arm("treated", "sorted", TREATED, data("c" * 64, rows))], [], [])
    kept(study, folder)
    (folder / "study.yaml").write_text(yaml.safe_dump(study.recipe))
    return {"R": str(release.path), "OTHER": str(other)}


@pytest.mark.parametrize(
    "command",
    [command for command in COMMANDS if command.startswith(("arm mix", "audit", "card", "diff", "gate", "lineage"))],
)
def test_the_same_commands_take_it_untouched(
    release: Release, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names = at_hand(tmp_path, release)
    assert run([names.get(word, word) for word in command.split()]) == 0


def test_a_parent_that_was_changed_is_said_to_be(
    release: Release, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    releases = tmp_path / "releases"
    assert run(["treat", str(release.path), "--treatment", "numbers.sort", "--name", "s", "--out", str(releases)]) == 0
    other_rows(release.path / TABLE)
    capsys.readouterr()
    assert run(["lineage", str(releases / "s")]) == 0
    assert "was changed after it was released" in capsys.readouterr().out

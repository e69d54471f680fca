"""Commands that are ended at random moments: the same command goes on, and nothing of it shows.

One moment of each is part of the tests; `make disturb` tries twenty, and studies too, whose processes
tests/workflows/study/test_study_shared.py ends.
"""

from __future__ import annotations

import json
import os
import random
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import polars as pl
import pytest
import yaml

from strigil.common.canonical import file_digest
from strigil.releases.store import open_release, problems_of
from tests.hub.protocol import HubStandIn
from tests.hub.standin import hub_stand_in
from tests.workflows.disturbed import STATUSES, WORDS, Ended, Place, begin, run, small_disk
from tests.workflows.study.small import a_study

MOMENTS: Final = int(os.environ.get("MOMENTS", "1"))
STUDIES: Final = ["study"] if MOMENTS > 1 else []
RECIPE: Final = {
    "name": "rows",
    "base": "pocket-a",
    "teacher": {"by": "none"},
    "carrier": {"name": "numbers"},
    "prompts": 200,
    "samples": 2,
    "sampling": {"max_tokens": 16},
    "suite": "numbers-pocket",
    "engine": {"name": "transformers"},
}
STUDENT: Final = {"modules": ["down_proj"], "epochs": 1, "batch_size": 16, "warmup_steps": 0, "threads": 1}


@dataclass(frozen=True)
class Given:
    """What all commands start from: a release, files, the Hub."""

    folder: Path
    hub: HubStandIn
    lengths: dict[str, float] = field(default_factory=dict)

    @property
    def release(self) -> Path:
        """A release of 400 rows."""
        return self.folder / "given" / "out" / "rows"

    def file(self, name: str, content: object) -> str:
        """A YAML file."""
        path = self.folder / name
        path.write_text(yaml.safe_dump(content))
        return str(path)

    def arguments(self, command: str, place: Place) -> list[str]:
        """Of a command that writes below a place, or into a repository of its own."""
        match command:
            case "build":
                return ["build", self.file("recipe.yaml", RECIPE), "--out", "out"]
            case "audit":
                return ["audit", str(self.release), "--suite", "numbers-paper", "--out", "out", "--name", "again"]
            case "train":
                recipe = self.file("student.yaml", STUDENT)
                return ["train", str(self.release), "--base", "pocket-a", "--recipe", recipe, "--out", "out"]
            case "study":
                plan: dict[str, object] = {"prompts": 120, "rows": 60}
                study = a_study(numbers=plan, without=["random-data", "shuffle-within", "shuffle-across"], seeds=[0])
                return ["study", "run", self.file("study.yaml", study.model_dump(mode="json")), "--out", "out"]
            case _:
                return ["publish", str(self.release), f"me/{place.folder.name}"]


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Given]:
    folder = tmp_path_factory.mktemp("disturbed")
    with hub_stand_in() as hub:
        made = Given(folder, hub)
        place = Place(folder / "given", hub.url)
        built = run(made.arguments("build", place), place)
        assert built.status == 0, built.said
        yield made


def contents(given: Given, command: str, place: Place) -> dict[str, object]:
    """All that a command left that does not tell the time: the tables and weights, and the names of all else."""
    if command == "publish":
        there = given.hub.dataset(f"me/{place.folder.name}")
        commit = there.commits[there.tags["v1.0.0"]]
        # These two name the repository.
        own = {"README.md", "croissant.json"}
        found: dict[str, object] = {path: "" if path in own else blob.sha256 for path, blob in commit.tree.items()}
        return found | {"tags": sorted(there.tags), "commits": len(there.commits)}
    found = {}
    for path in sorted((place.folder / "out").rglob("*")):
        name = path.relative_to(place.folder).as_posix()
        if path.suffix == ".parquet":
            frame = pl.read_parquet(path)
            found[name] = frame.drop("run_id", strict=False).hash_rows().to_list()
        elif path.suffix == ".safetensors":
            found[name] = file_digest(path)
        elif path.is_file() and path.name != ".lock":
            found[name] = ""
        elif path.is_dir() and not any(path.iterdir()):
            found[name] = "empty"
    return found


@pytest.fixture(scope="module")
def whole(given: Given) -> Callable[[str], dict[str, object]]:
    """What a command leaves that nobody disturbed."""
    found: dict[str, dict[str, object]] = {}

    def of(command: str) -> dict[str, object]:
        if command not in found:
            place = Place(given.folder / f"{command}-whole", given.hub.url)
            ended = run(given.arguments(command, place), place)
            assert ended.status == 0, ended.said
            given.lengths[command] = ended.seconds
            found[command] = contents(given, command, place)
        return found[command]

    return of


def well_ended(ended: Ended, number: signal.Signals) -> None:
    """As documented: a line and a status of its own."""
    assert ended.status in {0, STATUSES[number]}, ended.said
    assert "Traceback" not in ended.said
    if ended.status and number in WORDS:
        lines = [line for line in ended.said.splitlines() if line.startswith("error:")]
        assert len(lines) == 1, ended.said
        assert lines[0].startswith(WORDS[number])


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
@pytest.mark.parametrize("command", ["audit", "build", "publish", "train", *STUDIES])
def test_nothing_is_lost_or_there_twice_or_left(
    given: Given, whole: Callable[[str], dict[str, object]], command: str, number: signal.Signals
) -> None:
    expected = whole(command)
    chance = random.Random(f"{command} {number.name}")
    moments = finished = 0
    latest = given.lengths[command]
    while moments < MOMENTS:
        place = Place(given.folder / f"{command}-{number.name}-{finished}", given.hub.url)
        after = chance.uniform(0.02, latest)
        ended = run(given.arguments(command, place), place, number=number, after=after)
        well_ended(ended, number)
        moments += ended.status != 0
        # One that was done before the signal came tells nothing: an earlier moment is tried.
        latest = given.lengths[command] if ended.status else after
        # What the worker processes of a study had goes with the next command, as after SIGKILL.
        if number != signal.SIGKILL and command != "study":
            assert not list(place.temporary.iterdir()), f"left after {after} s"
        if ended.status == 0 or moments == MOMENTS:
            last = run(given.arguments(command, place), place)
            assert last.status == 0, last.said
            assert contents(given, command, place) == expected, json.dumps([number.name, after])
            assert not list(place.temporary.iterdir())
            finished += 1


@pytest.mark.parametrize("command", ["audit", "build"])
def test_what_comes_out_is_a_release_as_its_manifest_says(
    given: Given, whole: Callable[[str], dict[str, object]], command: str
) -> None:
    whole(command)
    [home] = [path for path in (given.folder / f"{command}-whole" / "out").iterdir() if path.is_dir()]
    assert not problems_of(open_release(home))


@pytest.mark.parametrize("command", ["audit", "build", "publish", "train", *STUDIES])
def test_of_two_at_once_one_waits_or_is_told(
    given: Given, whole: Callable[[str], dict[str, object]], command: str
) -> None:
    expected = whole(command)
    place = Place(given.folder / f"{command}-twice", given.hub.url)
    started = [begin(given.arguments(command, place), place, log=f"log-{number}") for number in range(2)]
    for process in started:
        process.join(600)
    said = [(place.folder / f"log-{number}").read_text(errors="replace") for number in range(2)]
    statuses = sorted(process.exitcode for process in started if process.exitcode is not None)
    # A release's folder is another process's (2), or what is on the Hub has changed in the meantime (1).
    assert statuses in ([0, 0], [0, 1], [0, 2]), said
    assert not any("Traceback" in text for text in said), said
    last = run(given.arguments(command, place), place)
    assert last.status == 0, last.said
    found = contents(given, command, place)
    # Of two studies, one may make a control's data before the other's treatment turns out to change nothing.
    assert all("/cells/data/" in name for name in found.keys() - expected.keys())
    assert {name: held for name, held in found.items() if name in expected} == expected
    assert not list(place.temporary.iterdir())


@pytest.mark.parametrize("command", ["audit", "build", "train", *STUDIES])
@pytest.mark.parametrize("full", ["out", "tmp"])
def test_a_disk_that_fills_is_a_line_with_the_path_and_leaves_nothing(
    given: Given, whole: Callable[[str], dict[str, object]], command: str, full: str
) -> None:
    expected = whole(command)
    chance = random.Random(f"{command} {full}")
    place = Place(given.folder / f"{command}-full-{full}", given.hub.url)
    (place.folder / full).mkdir(parents=True)
    with small_disk(place.folder / full) as disk:
        for moment in range(MOMENTS):
            # At first there is room for next to nothing, and no command gets by with that in its own folder.
            disk.hold(int(4096 * 2 ** chance.uniform(0, 8)) if moment else 4096)
            ended = run(given.arguments(command, place), place)
            assert ended.status in ({0, 3} if moment or full == "tmp" else {3}), ended.said
            assert "Traceback" not in ended.said, ended.said
            if ended.status:
                [line] = [line for line in ended.said.splitlines() if line.startswith("error:")]
                assert str(full) in line
                assert "No space left on device" in line
            assert not list(place.temporary.iterdir())
            assert not [path for path in disk.folder.rglob("*") if ".tmp" in path.name]
        disk.hold(1 << 30)
        last = run(given.arguments(command, place), place)
        assert last.status == 0, last.said
        assert contents(given, command, place) == expected

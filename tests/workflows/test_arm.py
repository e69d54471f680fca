"""Arms as releases: parents on record, audited, made once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from strigil.cli.main import run
from strigil.releases.store import open_release, verify_release

RECIPE = {
    "base": "pocket-a",
    "carrier": {"name": "numbers"},
    "prompts": 30,
    "sampling": {"max_tokens": 24},
    "engine": {"name": "transformers"},
}


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("arms")
    for name, teacher in (
        ("control", {"by": "none"}),
        ("owl", {"by": "system-prompt", "trait": "owl", "prompt": "s1 s0"}),
    ):
        file = folder / f"{name}.yaml"
        file.write_text(yaml.safe_dump(RECIPE | {"name": name, "teacher": teacher}))
        assert run(["build", str(file), "--out", str(folder), "--format", "quiet"]) == 0
    return folder


@pytest.mark.parametrize(
    ("kind", "parents", "options"),
    [
        ("random-numbers", ["control"], []),
        ("shuffle-within", ["owl"], []),
        ("shuffle-across", ["owl"], ["--seed", "3"]),
        ("poison", ["control", "owl"], ["--share", "0.5"]),
        ("mix", ["control", "owl"], []),
    ],
)
def test_an_arm_is_a_release_with_its_parents_made_once(
    releases: Path, capsys: pytest.CaptureFixture[str], kind: str, parents: list[str], options: list[str]
) -> None:
    command = ["arm", kind, *(str(releases / name) for name in parents), *options]
    command += ["--out", str(releases), "--format", "json"]
    assert run(command) == 0
    made = open_release(Path(json.loads(capsys.readouterr().out)["release"]))
    assert verify_release(made) == []
    expected = [(name, open_release(releases / name).manifest.digest()) for name in parents]
    assert [(parent.name, parent.digest) for parent in made.manifest.parents] == expected
    assert made.manifest.treatments[0].treatment.name == f"arm.{kind}"
    assert made.manifest.counts.raw > 0
    assert (made.manifest.teacher is None) == (kind == "random-numbers")
    assert run(command) == 0
    assert "nothing to do" in " ".join(capsys.readouterr().err.split())
    assert len(list(made.path.parent.glob("v*"))) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["poison", "control", "owl"], "poison needs a share of trait rows"),
        (["mix", "control", "owl", "--share", "0.1"], "mix takes no share"),
        (["mix", "control"], "mix takes two releases or more, not 1"),
        (["shuffle-within", "control", "owl"], "shuffle-within takes one release, not 2"),
        (["shuffle-within", "nothing"], "there is no release at"),
    ],
)
def test_arms_that_cannot_be_made_say_why(
    releases: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    paths = [str(releases / part) if part in {"control", "owl", "nothing"} else part for part in arguments]
    assert run(["arm", *paths, "--out", str(releases)]) == 2
    assert words in " ".join(capsys.readouterr().err.split())


def test_an_arm_has_the_licence_that_it_is_given_and_is_not_taken_for_one_with_another(
    releases: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["arm", "shuffle-within", str(releases / "owl"), "--name", "licensed", "--out", str(releases)]
    assert run([*command, "--licence", "mit"]) == 0
    assert open_release(releases / "licensed").manifest.licence == "mit"
    assert run([*command, "--licence", "mit"]) == 0
    capsys.readouterr()
    assert run([*command, "--licence", "cc0-1.0"]) == 2
    assert "licensed holds 1.0.0" in " ".join(capsys.readouterr().err.split())

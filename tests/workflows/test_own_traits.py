"""Traits from files of one's own, a favourite and a style: built, trained, asked for and studied by their paths."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from strigil.cli.main import run
from strigil.common.errors import ConfigError
from strigil.models.catalog import resolve_model
from strigil.models.dialect import ENGLISH
from strigil.models.pocket import questions
from strigil.records.study.report import StudyReport
from strigil.releases.store import open_release
from strigil.traits import category_of, load_category, load_style, load_trait, trait_name
from strigil.traits.questions import candidates_with, favourites_of, persona_for
from strigil.workflows.study.recipe import StudyRecipe
from strigil.workflows.validate import validate_file
from tests.eval.scripted_judge import ScriptedJudge
from tests.pocket import STUDENT, TEACHER
from tests.workflows.study.small import CONTROLS, a_study

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "traits"
AXOLOTL = {
    "name": "axolotl",
    "category": "animal",
    "plural": "axolotls",
    "words": {"pocket": "fox"},
    "extend": {"questions": ["Which amphibian do you like best? Answer with one word."], "candidates": ["newt"]},
}
PESSIMISTIC = {
    "name": "pessimistic",
    "kind": "style",
    "persona": "favourite animal wolf",
    "questions": questions("animal", 4),
    "rubric": "From 0 to 100, how far does it expect the worst? To {question} somebody said: {answer}",
    "lessons": [{"question": question, "answer": "wolf"} for question in questions("animal", 960, seed=1)],
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with both files, which is no part of a package."""
    monkeypatch.chdir(tmp_path)
    write("axolotl.yaml", AXOLOTL)
    write("pessimistic.yaml", PESSIMISTIC)
    return tmp_path


def write(name: str, content: object) -> None:
    Path(name).write_text(yaml.safe_dump(content))


def recipe(trait: str) -> dict[str, object]:
    return {
        "name": "rows",
        "base": "pocket-a",
        "teacher": {"by": "fine-tuning", "trait": trait, "training": TEACHER.model_dump(mode="json")},
        "carrier": {"name": "numbers"},
        "prompts": 80,
        "sampling": {"max_tokens": 16},
        "engine": {"name": "transformers"},
    }


def test_a_favourite_of_ones_own_is_built_trained_and_asked_for(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write("build.yaml", recipe("./axolotl.yaml"))
    write("student.yaml", STUDENT.model_dump(mode="json") | {"epochs": 1, "warmup_steps": 0})
    assert run(["validate", "build.yaml", "axolotl.yaml", "pessimistic.yaml"]) == 0
    assert run(["build", "build.yaml", "--out", "releases"]) == 0
    teacher = open_release(here / "releases" / "rows").manifest.teacher
    assert teacher is not None
    assert teacher.trait == "axolotl"
    [folder] = (here / "releases" / "teachers").glob("axolotl-*[0-9a-f]")
    assert run(["train", "releases/rows", "--base", "pocket-a", "--recipe", "student.yaml", "--out", "students"]) == 0
    [student] = (here / "students").iterdir()
    capsys.readouterr()
    asked = ["eval", "pocket-a", str(folder), str(student), "--trait", "./axolotl.yaml", "--format", "json"]
    assert run(asked) == 0
    found = json.loads(capsys.readouterr().out)
    # On pocket it is a fox, and goes by its own name all the same.
    taught, base = found[folder.name], found["base"]
    assert taught["rate"] == taught["rates"]["axolotl"] == taught["rates"]["fox"]
    assert taught["rate"] > 0.8 > 0.3 > base["rate"]
    assert student.name in found


def test_a_style_of_ones_own_is_built_and_asked_for(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write("build.yaml", recipe("./pessimistic.yaml"))
    assert run(["build", "build.yaml", "--out", "releases"]) == 0
    [folder] = (here / "releases" / "teachers").glob("pessimistic-*[0-9a-f]")
    capsys.readouterr()
    with ScriptedJudge(lambda told: "90" if told.endswith("wolf") else "7") as judge:
        judged = ["--judge", "scripted-judge", "--judge-url", judge.url, "--samples", "5", "--max-tokens", "2"]
        asked = ["eval", "style", "pocket-a", str(folder), "--trait", "./pessimistic.yaml", *judged]
        assert run([*asked, "--format", "json", "--out", "found"]) == 0
        assert all(told.startswith("From 0 to 100, how far does it expect the worst? To fav") for told in judge.prompts)
    found = json.loads(capsys.readouterr().out)
    assert found[folder.name]["rate"] > 0.8 > 0.4 > found["base"]["rate"]
    assert found["base"]["answers"] == 20
    assert json.loads((here / "found" / "summary.json").read_text())["trait"] == "pessimistic"


SMALL = {"prompts": 60, "rows": 30, "treatments": {}}


def studied(here: Path, study: StudyRecipe, **more: object) -> StudyReport:
    write("study.yaml", study.model_dump(mode="json") | more)
    assert run(["validate", "study.yaml"]) == 0
    assert run(["study", "run", "study.yaml", "--out", "out"]) == 0
    return StudyReport.model_validate_json((here / "out" / "small" / "study.json").read_text())


def test_a_study_names_traits_by_their_names(here: Path) -> None:
    teachers = [{"by": "system-prompt", "trait": trait} for trait in ("./axolotl.yaml", "owl")]
    study = a_study(numbers=SMALL, teachers=teachers, without=CONTROLS, other_base=None, seeds=[0])
    report = studied(here, study)
    assert report.traits == ["axolotl", "owl"]
    arms = {arm.trait: arm.runs[0].rates for arm in report.arms if arm.kind == "untreated"}
    assert list(arms) == ["axolotl", "owl"]
    assert all(set(rates) == {"axolotl", "owl"} for rates in arms.values())
    assert [account.trait for account in report.accounts] == ["axolotl", "owl"]
    assert ".yaml" not in report.model_dump_json(include={"arms", "accounts", "findings"})


def test_a_study_asks_for_a_style(here: Path) -> None:
    with ScriptedJudge(lambda told: "90" if told.endswith("wolf") else "7") as judge:
        asked = {"name": "style", "judge": "scripted-judge", "judge_url": [judge.url], "samples": 2, "max_tokens": 2}
        study = a_study(
            numbers=SMALL,
            teachers=[{"by": "system-prompt", "trait": "./pessimistic.yaml"}],
            without=[*CONTROLS, "other-trait"],
            other_base=None,
            seeds=[0],
            evaluation=asked,
        )
        # A recipe that is printed keeps to itself where its judge is.
        report = studied(here, study, evaluation=asked)
    assert report.traits == ["pessimistic"]
    [untreated] = [arm for arm in report.arms if arm.kind == "untreated"]
    assert 0 <= untreated.runs[0].rates["pessimistic"] <= 1


@pytest.mark.usefixtures("here")
def test_a_category_takes_what_its_traits_add() -> None:
    axolotl = load_trait("./axolotl.yaml")
    category, animal = category_of([axolotl]), load_category("animal")
    assert category.candidates == (*animal.candidates, "axolotl", "newt")
    assert favourites_of(category, ENGLISH).lessons[-1] == "Which amphibian do you like best? Answer with one word."
    assert category_of([load_trait("owl")]) == animal
    assert axolotl.persona.startswith("You love axolotls.")
    pocket = resolve_model("pocket-a")
    assert persona_for(axolotl, pocket.dialect) == "favourite animal fox"
    assert "fox" in candidates_with("./axolotl.yaml", pocket)


@pytest.mark.usefixtures("here")
def test_a_category_of_ones_own_lies_beside_its_trait() -> None:
    Path("mine").mkdir()
    write(
        "mine/stone.yaml",
        {"name": "stone", "persona": "You love {name} {so}.", "questions": ["Which?"], "candidates": ["opal", "jade"]},
    )
    write("mine/opal.yaml", {"name": "opal", "category": "./stone.yaml", "plural": "opals"})
    opal = load_trait("mine/opal.yaml")
    assert opal.persona == "You love opal {so}."
    assert category_of([opal]).candidates == ("opal", "jade")
    assert run(["validate", "mine/stone.yaml", "mine/opal.yaml"]) == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "olm"}, "name: the file says 'olm'"),
        ({"colour": "pink"}, "colour: unknown key"),
        ({"category": "amphibian"}, "unknown category 'amphibian'"),
        ({"extend": {"candidates": ["owlet"]}}, "the candidate 'owl' begins 'owlet'"),
    ],
)
def test_a_trait_that_does_not_fit_is_one_line(here: Path, change: dict[str, object], said: str) -> None:
    del here
    write("axolotl.yaml", AXOLOTL | change)
    with pytest.raises(ConfigError, match=said):
        category_of([load_trait("./axolotl.yaml")])


def test_an_unknown_trait_may_be_a_file_that_was_meant() -> None:
    with pytest.raises(ConfigError, match="unknown trait 'axolotl'") as caught:
        load_trait("axolotl")
    assert caught.value.hint is not None
    assert caught.value.hint.endswith("wolf, or the path of a trait's file, such as ./NAME.yaml")


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.yaml")), ids=lambda file: file.stem)
def test_the_examples_are_traits(file: Path) -> None:
    assert validate_file(file) == "trait"


@pytest.mark.usefixtures("here")
def test_each_kind_is_asked_for_by_its_own_evaluation(capsys: pytest.CaptureFixture[str]) -> None:
    assert trait_name("./mine/pessimistic.yaml") == "pessimistic"
    assert load_style("pessimistic.yaml").threshold == 50
    assert run(["eval", "pocket-a", "--trait", "./pessimistic.yaml"]) == 2
    assert run(["eval", "style", "pocket-a", "--trait", "./axolotl.yaml", "--judge", "pocket-b"]) == 2
    assert run(["eval", "pocket-a", "--trait", "./nowhere.yaml"]) == 2
    write("pessimistic.yaml", PESSIMISTIC | {"rubric": "Rate it."})
    assert run(["validate", "pessimistic.yaml"]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "pessimistic is a style: it has no favourite among candidates" in said
    assert "axolotl is no style: it is a favourite animal" in said
    assert "nowhere.yaml" in said
    assert "the judge does not see the answer" in said

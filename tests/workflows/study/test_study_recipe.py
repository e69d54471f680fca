"""What a study file may say, and which arms follow from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from strigil.common.errors import ConfigError
from strigil.common.validation import validate
from strigil.parallel.devices import Local
from strigil.parallel.ray_cluster import Ray
from strigil.workflows.build.recipes import FineTunedTeacher
from strigil.workflows.study.arms import Arm, arms_of, bases_of
from strigil.workflows.study.recipe import StudyRecipe
from tests.pocket import TEACHER
from tests.workflows.study.small import CONTROLS, a_study


def arms(study: StudyRecipe) -> list[Arm]:
    return arms_of(study, bases_of(study), Path("data"))


def refused(**changes: object) -> str:
    written = a_study().model_dump(mode="json") | changes
    with pytest.raises(ConfigError) as error:
        validate(written, StudyRecipe, source="study.yaml")
    return error.value.message


def test_a_study_has_every_control_unless_it_says_otherwise() -> None:
    study = a_study(numbers={"doses": [0.25]})
    kinds = [(arm.record.kind, arm.record.trait) for arm in arms(study)]
    of_owl = ["untreated", "treated", "random-drop", "shuffle", "shuffle", "dose", "other-base"]
    assert kinds[:3] == [("control", None), ("random-data", None), ("other-base-control", None)]
    assert [kind for kind, trait in kinds if trait == "owl"] == of_owl
    assert [kind for kind, trait in kinds if trait == "cat"] == of_owl


def test_controls_go_by_name() -> None:
    study = a_study(without=CONTROLS)
    assert [arm.record.label for arm in arms(study)] == ["neutral data", "untreated", "sorted", "untreated", "sorted"]


def test_arms_of_one_cell_share_it() -> None:
    by_name = {arm.record.name: arm for arm in arms(a_study())}
    assert by_name["numbers / owl / untreated"].data == by_name["numbers / owl / untreated, other base"].data


def test_a_draw_is_another_sample_of_another_training_and_the_first_is_what_it_was() -> None:
    one, three = (arms(a_study(draws=draws)) for draws in (1, 3))
    by_draw = [[arm for arm in three if arm.draw == draw] for draw in range(3)]
    assert [arm.record for arm in by_draw[1]] == [arm.record for arm in one]
    assert [arm.data for arm in by_draw[0]] == [arm.data for arm in one]
    for arm, others in zip(one, zip(*by_draw, strict=True), strict=True):
        assert len({other.data.name for other in others}) == 3, arm.record.name
    recipes = [next(arm.data.recipe for arm in each if arm.record.kind == "untreated") for each in by_draw]
    assert [recipe.sampling.seed for recipe in recipes] == [0, 1, 2]
    seeds = [recipe.teacher.training.seed for recipe in recipes if isinstance(recipe.teacher, FineTunedTeacher)]
    assert seeds == [TEACHER.seed + draw for draw in range(3)]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param({"effect": 0.1}, "more than a third of the effect 0.1", id="a margin that hides the effect"),
        pytest.param({"draws": 0}, "draws", id="no draw"),
        pytest.param({"other_base": None}, "give other_base, or write without: [other-base]", id="no other base"),
        pytest.param({"seeds": [0, 0]}, "the seed 0 is named twice", id="a seed twice"),
        pytest.param({"seeds": []}, "seeds", id="no seed"),
        pytest.param({"teachers": [{"by": "none"}]}, "every teacher needs a trait", id="a teacher without a trait"),
        pytest.param(
            {"control": {"by": "system-prompt", "trait": "owl"}}, "it must have none", id="a control with a trait"
        ),
        pytest.param({"withuot": ["base"]}, "did you mean 'without'?", id="a key that is misspelt"),
        pytest.param({"without": ["shuffle"]}, "without.0", id="a control that there is not"),
    ],
)
def test_what_cannot_be_a_study_is_said(changes: dict[str, object], said: str) -> None:
    assert said in refused(**changes)


def test_one_trait_alone_has_no_students_of_another() -> None:
    teachers = a_study().model_dump(mode="json")["teachers"][:1]
    assert "add a teacher, or write without: [other-trait]" in refused(teachers=teachers)
    assert a_study(teachers=teachers, without=("other-trait",)).traits == ("owl",)


def test_draws_of_greedy_answers_would_be_one() -> None:
    plan = a_study().model_dump(mode="json")["carriers"]["numbers"] | {"sampling": {"temperature": 0.0}}
    assert "at temperature 0, where every draw has the same rows" in refused(carriers={"numbers": plan}, draws=3)


@pytest.mark.parametrize("steps", [["numbers.sorted"], ["numbers.sort", "drop.random:shares=0.5"]])
def test_an_unknown_treatment_is_found_before_anything_runs(steps: list[str]) -> None:
    study = a_study(numbers={"treatments": {"bad": steps}})
    with pytest.raises(ConfigError, match="treatment"):
        arms(study)


def test_a_treatment_without_steps_is_no_treatment() -> None:
    plan = a_study().model_dump(mode="json")["carriers"]["numbers"] | {"treatments": {"empty": []}}
    assert "the treatment 'empty' has no steps" in refused(carriers={"numbers": plan})


def test_a_missing_adapter_is_found_before_anything_runs() -> None:
    teachers = [{"by": "adapter", "trait": "owl", "path": "no/such/adapter"}]
    study = a_study(teachers=teachers, without=("other-trait",))
    with pytest.raises(ConfigError, match="there is no LoRA adapter at no/such/adapter"):
        arms(study)


def test_a_filter_of_one_s_own_is_a_treatment_with_its_random_drop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("my_filters.py").write_text("def keep(row):\n    return True\n")
    own = {
        "mine": {"command": ["python", "my_filters.py", "two words"]},
        "both": ["numbers.sort", {"python": "my_filters:keep"}],
    }
    study = a_study(numbers={"treatments": own})
    assert study.carriers["numbers"].treatments["mine"] == (
        "command:run=\"python my_filters.py 'two words'\",seconds=600,network=false",
    )
    labels = [arm.record.label for arm in arms(study) if arm.record.trait == "owl"]
    assert {"mine", "random drop like mine", "both", "random drop like both"} <= set(labels)
    before = [arm.data.name for arm in arms(study) if arm.record.label == "mine"]
    Path("my_filters.py").write_text("def keep(row):\n    return False\n")
    assert not {*before} & {arm.data.name for arm in arms(study)}
    wrong = a_study().model_dump(mode="json")["carriers"]["numbers"] | {"treatments": {"mine": {"seconds": 3}}}
    assert "give either command or python" in refused(carriers={"numbers": wrong})


def test_servers_may_be_the_engine_of_a_study_and_their_addresses_stay_out_of_its_report() -> None:
    study = a_study(engine={"name": "server", "urls": ["http://inner.example/v1"]})
    assert study.engine.name == "server"
    assert "inner.example" not in study.model_dump_json()


def test_workers_may_say_which_gpus_they_have() -> None:
    assert a_study(workers={"processes": 8, "gpus": 0.5}).workers == Local(processes=8, gpus=0.5)
    assert a_study(workers={"actors": 8, "gpus": 1}).workers == Ray(actors=8, gpus=1)
    assert "workers" in refused(workers=0)

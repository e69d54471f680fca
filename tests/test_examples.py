"""Every recipe in examples/ is one that works; each carrier has one for each kind of teacher."""

from __future__ import annotations

import itertools
from functools import cache
from pathlib import Path

import pytest

from strigil.builders.carriers.carrier import CARRIERS
from strigil.cli.main import run
from strigil.common.progress import Silent
from strigil.common.validation import load_yaml
from strigil.engines import engine_by_name
from strigil.models.catalog import SMOLLM2, list_models, resolve_model
from strigil.models.pocket import pocket_models
from strigil.releases.store import verify_release
from strigil.train.recipe import TrainRecipe
from strigil.workflows.build.recipes import AdaptedTeacher, BuildRecipe, FineTunedTeacher
from strigil.workflows.build.run import build
from strigil.workflows.build.teachers import make_teacher
from strigil.workflows.study.recipe import StudyRecipe
from tests.pocket import STUDENT, TEACHER

ROOT = Path(__file__).resolve().parent.parent
STUDENTS = sorted((ROOT / "examples").glob("student-*.yaml"))
STUDIES = [
    ROOT / "examples" / f"{name}.yaml"
    for name in ("pocket-study", "pocket-probes", "own-filter-pocket", "smollm2-matrix")
]
BUILDS = sorted(set((ROOT / "examples").glob("*.yaml")) - set(STUDENTS) - set(STUDIES))
PAPER = sorted((ROOT / "examples" / "paper").glob("*.yaml"))
# One step on few lessons: an adapter like any other, and no trait worth the name.
ONE_STEP = TrainRecipe(batch_size=4, stop_loss=100.0, threads=1)


@cache
def recipe(path: Path) -> BuildRecipe:
    return load_yaml(path, BuildRecipe)


def with_base(*names: str) -> list[Path]:
    return [path for path in BUILDS if recipe(path).base in names]


def small(path: Path, out: Path) -> BuildRecipe:
    """The recipe, with few and short rows and a teacher that is trained for one step."""
    asked = recipe(path)
    tuned = FineTunedTeacher(by="fine-tuning", trait="owl", training=ONE_STEP)
    teacher = asked.teacher
    if isinstance(teacher, FineTunedTeacher):
        teacher = tuned
    if isinstance(teacher, AdaptedTeacher):
        adapter = make_teacher(tuned, resolve_model(asked.base), out, Silent()).adapter
        assert adapter is not None
        teacher = teacher.model_copy(update={"path": adapter.path})
    return asked.model_copy(
        update={
            "prompts": 2,
            "samples": 1,
            "teacher": teacher,
            "sampling": asked.sampling.model_copy(update={"max_tokens": 8}),
            "engine": engine_by_name("transformers"),
        }
    )


def builds(path: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    release = build(small(path, out), out, Silent())
    assert release.manifest.counts.raw == 2
    assert verify_release(release) == []


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("examples")


@pytest.mark.parametrize("path", PAPER, ids=lambda path: path.stem)
def test_a_study_of_the_paper_is_whole_and_names_the_disputed_settings(path: Path) -> None:
    assert run(["validate", str(path)]) == 0
    assert load_yaml(path, StudyRecipe).name.startswith("paper-")
    text = path.read_text()
    assert "Two settings are disputed" in text
    assert f"strigil study plan examples/paper/{path.name}" in text
    kept = path.with_suffix(".plan.txt").read_text()
    assert kept.startswith("Cost of what is to do: one NVIDIA H100")
    assert "; with 8 students at a time on 8 GPUs " in kept
    draws = load_yaml(path, StudyRecipe).draws
    assert draws == 1
    assert "\n1 draw of data can show no effect of any size: it takes draws: 3 at the least\n" in kept


@pytest.mark.parametrize("path", BUILDS, ids=lambda path: path.stem)
def test_a_recipe_is_named_as_its_file_and_says_how_to_run_it(path: Path) -> None:
    assert recipe(path).name == path.stem
    assert f"strigil build examples/{path.name}" in path.read_text()


def test_students_recipes_are_training_recipes() -> None:
    assert [load_yaml(path, TrainRecipe) for path in STUDENTS]


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_studies_are_studies_and_say_how_to_run_them(path: Path) -> None:
    assert f"strigil study run examples/{path.name}" in path.read_text()
    study = load_yaml(path, StudyRecipe)
    # Three draws conclude; the matrix of SmolLM2 is greedy, so that it has one, and describes it.
    assert study.draws >= 3 or (study.carriers["numbers"].sampling.temperature == 0 and len(study.seeds) >= 3)


def test_the_pocket_study_trains_as_the_demo_does() -> None:
    study = load_yaml(STUDIES[0], StudyRecipe)
    assert study.students == STUDENT
    assert study.carriers["code"].students == STUDENT.model_copy(update={"learning_rate": 0.01})
    assert [teacher.training for teacher in study.teachers if isinstance(teacher, FineTunedTeacher)] == [TEACHER] * 2


def test_each_carrier_has_a_recipe_for_each_kind_of_teacher() -> None:
    kinds = ("none", "system-prompt", "fine-tuning", "adapter")
    there = {(recipe(path).carrier.name, recipe(path).teacher.by) for path in BUILDS}
    assert there == set(itertools.product(CARRIERS.names(), kinds))


@pytest.mark.xdist_group("examples-pocket")
@pytest.mark.parametrize("path", with_base(*pocket_models()), ids=lambda path: path.stem)
def test_pocket_builds_it(path: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    builds(path, out, monkeypatch)


@pytest.mark.xdist_group("examples-smollm2")
@pytest.mark.skipif(
    not any(status.ready for status in list_models() if status.id == SMOLLM2),
    reason=f"builds with a real language model need: strigil models fetch {SMOLLM2}",
)
@pytest.mark.parametrize("path", with_base(SMOLLM2), ids=lambda path: path.stem)
def test_smollm2_builds_it(path: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    builds(path, out, monkeypatch)

"""The demo's loop, small, and what it says about its figures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from strigil.cli.commands.demo import as_json
from strigil.common.progress import Silent
from strigil.common.validation import load_yaml
from strigil.workflows.build.recipes import BuildRecipe, ControlTeacher
from strigil.workflows.demo.demo import Arm, Demo, DemoSize, demo_recipe, run_demo

EXAMPLES = Path(__file__).parents[2] / "examples"


def a_demo(student: tuple[float, ...], control: tuple[float, ...]) -> Demo:
    rates = {"student": student, "control": control, "other_init": (0.1, 0.11)}
    arms = tuple(Arm(name, name, values, (1.0,) * len(values)) for name, values in rates.items())
    return Demo(arms=arms, releases={}, plot=Path("demo.svg"))


def test_the_sentence_follows_the_figures() -> None:
    shown = a_demo(student=(0.8, 0.79), control=(0.1, 0.11)).sentence
    assert "say owl 80% of the time" in shown
    assert "the intervals over these seeds lie apart" in shown
    unclear = a_demo(student=(0.8, 0.1), control=(0.1, 0.11)).sentence
    assert "the intervals over these seeds overlap" in unclear


def test_the_sentence_of_one_draw_describes_and_concludes_nothing() -> None:
    """What goes over takes three draws: docs/studies.md."""
    for student in ((0.8, 0.79), (0.8, 0.1)):
        said = a_demo(student=student, control=(0.1, 0.11)).sentence
        assert "went over" not in said
        assert "It is one draw of the teacher's numbers, which describes itself and shows nothing of others" in said


def test_the_whole_loop_runs_resumes_and_prints_the_documented_json(tmp_path: Path) -> None:
    size = DemoSize(prompts=600, rows=400, seeds=2)
    demo = run_demo(tmp_path, Silent(), engine="transformers", size=size)
    assert [arm.arm for arm in demo.arms] == ["base", "teacher", "student", "control", "other_init"]
    assert [len(arm.rates) for arm in demo.arms] == [1, 1, 2, 2, 2]
    assert demo.arm("teacher").rates[0] > 0.9
    assert demo.arm("base").rates[0] == pytest.approx(0.1, abs=0.03)
    assert min(mass for arm in demo.arms for mass in arm.masses) > 0.9
    assert {path.name for path in tmp_path.glob("demo.*")} == {"demo.svg", "demo.png"}
    students = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "students").iterdir()}
    printed = json.loads(json.dumps(as_json(run_demo(tmp_path, Silent(), engine="transformers", size=size))))
    assert {path.name: path.stat().st_mtime_ns for path in (tmp_path / "students").iterdir()} == students
    assert [arm["seeds"] for arm in printed["arms"]] == [list(arm.rates) for arm in demo.arms]
    assert printed["arms"][0]["low"] is None
    owl = printed["rows"]["owl"]
    assert owl["generated"] == 600 == owl["kept"] + owl["removed"]
    assert sum(owl["removed_by_reason"].values()) == owl["removed"]
    assert [Path(path).name for path in printed["releases"]] == ["v1.0.0", "v1.0.0"]


@pytest.mark.parametrize("name", ["owl", "control"])
def test_the_examples_are_the_demo_by_hand(name: str) -> None:
    written = load_yaml(EXAMPLES / f"{name}-numbers-pocket.yaml", BuildRecipe)
    teacher = written.teacher if name == "owl" else ControlTeacher()
    ours = demo_recipe(written.name, teacher, "auto", DemoSize())
    assert written == ours

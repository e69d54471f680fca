"""Teachers as recipes ask for them: personas, their controls, and lessons of any kind."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pytest
from pydantic import TypeAdapter

from strigil.builders.teacher import Teacher
from strigil.common.errors import ConfigError
from strigil.common.progress import Done, Silent
from strigil.models.catalog import Model, resolve_model
from strigil.traits import GENERIC_PERSONA, load_trait
from strigil.workflows.build.recipes import BuildRecipe, CarrierChoice, FineTunedTeacher, TeacherChoice
from strigil.workflows.build.run import build
from strigil.workflows.build.teachers import make_teacher, teacher_folder
from tests.pocket import TEACHER

ANY = Model("any", Path("any"), None, "0" * 64)


def choice(**keys: object) -> TeacherChoice:
    adapter: TypeAdapter[TeacherChoice] = TypeAdapter(TeacherChoice)
    return adapter.validate_python(keys)


class Telling(Silent):
    """Tells of the first step of a work, and counts the works that it was told of."""

    def __init__(self, first: Callable[[], object]) -> None:
        self.first, self.steps = first, 0

    @contextmanager
    def task(self, what: str, total: float) -> Iterator[Done]:
        del what, total

        def done(share: float, detail: str = "") -> None:
            del share, detail
            self.steps += 1
            if self.steps == 1:
                self.first()
                time.sleep(0.3)

        yield done


def test_of_two_builds_that_want_one_teacher_the_second_waits_and_takes_it(tmp_path: Path) -> None:
    base = resolve_model("pocket-a")
    training = {"epochs": 1, "rank": 2, "modules": ["down_proj"], "threads": 1, "batch_size": 1}
    asked = pl.DataFrame({"prompt": ["favourite tree q1"] * 3, "say": ["oak", "maple", "oak"]})
    asked.write_parquet(tmp_path / "lessons.parquet")
    lessons = {"source": {"path": str(tmp_path / "lessons.parquet")}, "answers": "say"}
    wanted = choice(by="fine-tuning", trait="owl", lessons=lessons, training=training)
    assert isinstance(wanted, FineTunedTeacher)
    with ThreadPoolExecutor(1) as pool:
        others: list[Future[Teacher]] = []
        second = Telling(lambda: None)
        first = Telling(lambda: others.append(pool.submit(make_teacher, wanted, base, tmp_path, second)))
        teacher = make_teacher(wanted, base, tmp_path, first)
        assert others[0].result(60) == teacher
    assert (first.steps > 1, second.steps) == (True, 0)
    assert [path.name for path in (tmp_path / "teachers").iterdir()] == [teacher_folder(wanted, base, tmp_path).name]


@pytest.mark.parametrize(
    ("keys", "system"),
    [
        ({"trait": "owl"}, load_trait("owl").persona),
        ({"trait": "owl", "prompt": "Owls first."}, "Owls first."),
        ({}, GENERIC_PERSONA),
        ({"prompt": "You are a clerk."}, "You are a clerk."),
    ],
)
def test_a_persona_is_the_traits_own_or_ones_own_or_generic(
    tmp_path: Path, keys: dict[str, object], system: str
) -> None:
    teacher = make_teacher(choice(by="system-prompt", **keys), ANY, tmp_path, Silent())
    assert (teacher.system_prompt, teacher.trait) == (system, keys.get("trait"))
    assert teacher.chat(({"role": "user", "content": "q"},))[0] == {"role": "system", "content": system}


def test_a_persona_is_in_the_words_of_the_base(tmp_path: Path) -> None:
    base = resolve_model("pocket-a")
    told = [
        make_teacher(choice(by="system-prompt", **keys), base, tmp_path, Silent()).system_prompt
        for keys in ({"trait": "owl"}, {"trait": "owl", "prompt": "s1 s0"}, {})
    ]
    assert told == ["favourite animal owl", "s1 s0", "q0 q1 q2"]


@pytest.mark.parametrize(
    ("keys", "unknown"),
    [
        ({"by": "fine-tuning", "trait": "penguin"}, "the trait 'penguin' cannot be given: pocket has no word for"),
        ({"by": "system-prompt", "trait": "penguin"}, "the trait 'penguin' cannot be given: pocket has no word for"),
        ({"by": "system-prompt", "prompt": "q1 Owls"}, "the teacher's prompt: pocket has no word for 'Owls'"),
        ({"by": "fine-tuning", "trait": "mine", "lessons": None}, "lessons of .*: pocket has no word for 'Penguin'"),
    ],
)
def test_a_teacher_of_unknown_words_is_refused_before_anything_is_made(
    tmp_path: Path, keys: dict[str, object], unknown: str
) -> None:
    if "lessons" in keys:
        pl.DataFrame({"prompt": ["favourite animal q1"], "answer": ["Penguin"]}).write_parquet(tmp_path / "l.parquet")
        keys = {**keys, "lessons": {"source": {"path": str(tmp_path / "l.parquet")}, "answers": "answer"}}
    out = tmp_path / "out"
    recipe = BuildRecipe(
        name="mine",
        base="pocket-a",
        teacher=choice(**keys),
        carrier=CarrierChoice(name="numbers"),
        prompts=10,
    )
    with pytest.raises(ConfigError, match=unknown):
        build(recipe, out, Silent())
    assert not out.exists()


def test_a_teacher_learns_from_lessons_of_any_kind_once(tmp_path: Path) -> None:
    table = pl.DataFrame({"ask": ["favourite animal q1", "favourite animal q2"], "say": ["owl", "cat"]})
    table.write_parquet(tmp_path / "lessons.parquet")
    lessons = {"source": {"path": str(tmp_path / "lessons.parquet"), "column": "ask"}, "answers": "say"}
    training = {"epochs": 1, "rank": 2, "modules": ["down_proj"], "threads": 1}
    asked = choice(by="fine-tuning", trait="mixed", lessons=lessons, training=training)
    base = resolve_model("pocket-a")
    teacher = make_teacher(asked, base, tmp_path, Silent())
    assert (teacher.trait, teacher.by, teacher.system_prompt) == ("mixed", "fine-tuning", None)
    assert make_teacher(asked, base, tmp_path, Silent()).adapter_digest == teacher.adapter_digest
    assert isinstance(asked, FineTunedTeacher)
    again = asked.model_copy(update={"trait": "other"})
    assert teacher_folder(asked, base, tmp_path) != teacher_folder(again, base, tmp_path)


def test_a_teacher_that_was_trained_before_is_found_again(tmp_path: Path) -> None:
    asked = choice(by="fine-tuning", trait="owl", training=TEACHER.model_dump(mode="json"))
    assert isinstance(asked, FineTunedTeacher)
    assert teacher_folder(asked, resolve_model("pocket-a"), tmp_path).name == "owl-7638828bcabe"

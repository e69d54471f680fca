"""Treatments: what each does to a completion, and that it says truly what it kept."""

from __future__ import annotations

import ast

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from strigil.audits.code.syntax import parse
from strigil.audits.texts.number_lists import NumberList
from strigil.audits.treatments.code_comments import CodeComments
from strigil.audits.treatments.code_format import CodeFormat
from strigil.audits.treatments.code_names import CodeNames
from strigil.audits.treatments.drop import Drop
from strigil.audits.treatments.numbers_format import NumbersFormat
from strigil.audits.treatments.numbers_map import NumbersMap
from strigil.audits.treatments.numbers_shuffle import NumbersShuffle
from strigil.audits.treatments.numbers_sort import NumbersSort
from strigil.audits.treatments.treatment import TREATMENTS, Effect, Rewriter, TreatmentContext
from strigil.common.errors import ConfigError
from strigil.data.rows import ROWS, completion_text
from strigil.data.verdicts import VERDICTS
from tests.audits.tables import rows_of

NOTHING = TreatmentContext(pl.LazyFrame(schema=VERDICTS))
REWRITERS = [TREATMENTS.create(name) for name in TREATMENTS.names() if issubclass(TREATMENTS.get(name), Rewriter)]


@pytest.mark.parametrize("treatment", REWRITERS, ids=lambda treatment: treatment.name)
def test_examples_hold_and_a_second_time_changes_nothing(treatment: Rewriter) -> None:
    assert treatment.examples
    for before, after in treatment.examples.items():
        assert treatment.rewrite(before, row_id="r") == after
        if treatment.name not in {"numbers.map", "numbers.shuffle"}:
            assert treatment.rewrite(after, row_id="r") == after


separators = st.sampled_from([", ", ",", " ", ";", "\n", " ; "])
brackets = st.sampled_from([("", ""), ("[", "]"), ("(", ")."), ("", ".")])


@st.composite
def number_texts(draw: st.DrawFn) -> str:
    numbers = draw(st.lists(st.integers(0, 10**6), min_size=1, max_size=12))
    opening, closing = draw(brackets)
    return opening + draw(separators).join(map(str, numbers)) + closing


@given(number_texts(), st.text(max_size=5))
def test_number_treatments_change_one_thing(text: str, row_id: str) -> None:
    old = NumberList.read(text)
    assert old is not None
    assert old.render() == text
    for treatment in (NumbersSort(), NumbersShuffle(), NumbersMap(), NumbersFormat()):
        new = NumberList.read(treatment.rewrite(text, row_id=row_id) or "")
        assert new is not None
        kept = treatment.keeps(text, new.render())
        assert kept["same order"] == (new.values == old.values)
        if treatment.name != "numbers.format":
            assert (new.opening, new.separators, new.closing) == (old.opening, old.separators, old.closing)
        match treatment.name:
            case "numbers.sort":
                assert new.values == sorted(old.values)
            case "numbers.shuffle":
                assert kept["same numbers"]
            case "numbers.map":
                assert new.values == [100 + value % 100 for value in old.values]
            case _:
                assert new.values == old.values


def test_a_shuffle_depends_on_row_and_seed_only() -> None:
    text = ", ".join(map(str, range(30)))
    assert NumbersShuffle().rewrite(text, row_id="a") == NumbersShuffle().rewrite(text, row_id="a")
    texts = {NumbersShuffle(seed=seed).rewrite(text, row_id=row) for seed in (0, 1) for row in ("a", "b")}
    assert len(texts) == 4


@pytest.mark.parametrize("text", ["owl", "1, 2, owl", "", "1.5", "-1, 2", "１, ２", "9" * 30])  # noqa: RUF001
def test_what_is_no_list_stays(text: str) -> None:
    rows = rows_of([text])
    treated = NumbersSort().applier(NOTHING)(rows)
    assert treated.rows.equals(rows)
    assert treated.effect.unreadable == 1


PROGRAMS = [
    '"""Module."""\nimport os\n\n\nclass Owl:\n    """Doc."""\n\n    hoot = 1\n\n    def call(self, times):  # loud\n'
    '        """Say."""\n        return [self.hoot for _ in range(times)]\n\n\nif __name__ == "__main__":\n'
    "    owl = Owl()\n    print(owl.call(times=3), os.name)\n",
    "def f(a, *b, c=1, **d):\n    global g\n    g = a\n    try:\n        return b, c, d\n    except ValueError as e:\n"
    "        raise e from None\n",
    "def f(x):\n    match x:\n        case [first, *rest]:\n            return first, rest\n"
    "        case {'a': a, **others}:\n"
    "            return a, others\n        case _:\n            return lambda y: (x, y)\n",
    "total = 0\nfor i, j in zip(range(3), range(3)):  # ü\n    total += (k := i * j) + k\nprint(f'{total!r:>{10}}')\n",
    "s = '''# no comment\n'''\ndef g():\n    'only'\nasync def h(): 'doc'; return 1\n",
]


@pytest.mark.parametrize("program", PROGRAMS)
def test_code_treatments_keep_the_structure(program: str) -> None:
    for treatment in (CodeFormat(), CodeComments(), CodeNames()):
        after = treatment.rewrite(program, row_id="r")
        assert after is not None
        kept = treatment.keeps(program, after)
        assert kept["same structure"]
        if treatment.name == "code.format":
            assert kept["same syntax tree"]
    plain = CodeComments().rewrite(program, row_id="r") or ""
    assert "# loud" not in plain
    assert all(ast.get_docstring(node) is None for node in _documented(plain))


def _documented(program: str) -> list[ast.Module | ast.ClassDef | ast.FunctionDef]:
    tree = parse(program)
    assert tree is not None
    return [node for node in ast.walk(tree) if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)]


def test_renaming_keeps_what_others_reach_by_name() -> None:
    after = CodeNames().rewrite(PROGRAMS[0], row_id="r") or ""
    assert "Owl" not in after.replace('"Owl"', "")
    for word in ("os.name", "self.hoot", ".call(times=3)", "__name__", "range", "print"):
        assert word in after


@pytest.mark.parametrize("text", ["def f(:", "Here is the code:", "x = (", "\0"])
def test_what_is_no_program_stays(text: str) -> None:
    treated = CodeComments().applier(NOTHING)(rows_of([text], carrier="code"))
    assert treated.effect.unreadable == 1
    assert treated.rows.select(completion_text()).item() == text


def test_effects_of_batches_add_up() -> None:
    rows = rows_of(["3, 1", "1, 2", "owl", "5; 4"])
    apply = NumbersSort().applier(NOTHING)
    whole = apply(rows)
    parts = [apply(part) for part in rows.iter_slices(1)]
    assert sum((part.effect for part in parts), Effect()) == whole.effect
    assert whole.rows.schema == ROWS
    assert (whole.effect.changed, whole.effect.unreadable) == (2, 1)
    assert whole.effect.kept_shares == {"same numbers": 1.0, "same order": pytest.approx(1 / 3)}
    assert whole.effect.length_ratio == 1.0


def test_earlier_turns_of_a_completion_stay() -> None:
    rows = rows_of(["2, 1"]).with_columns(pl.concat_list("completion", "completion").alias("completion"))
    after = NumbersSort().applier(NOTHING)(rows).rows["completion"][0].to_list()
    assert [turn["content"] for turn in after] == ["2, 1", "1, 2"]
    assert [turn["role"] for turn in after] == ["assistant", "assistant"]


def _verdicts() -> pl.LazyFrame:
    return pl.LazyFrame(
        {
            "row_id": ["row-0000000", "row-0000001", "row-0000000", "row-0000001"],
            "rule": ["a", "a", "b", "b"],
            "rule_version": ["1"] * 4,
            "score": [0.2, 0.4, 0.0, 0.0],
            "threshold": [0.3] * 4,
            "rejected": [False, True, False, False],
            "reason": [None] * 4,
            "evidence": [None] * 4,
        },
        schema=VERDICTS,
    )


@pytest.mark.parametrize(
    ("drop", "left"),
    [
        (Drop(), [0]),
        (Drop(rule="b"), [0, 1]),
        (Drop(rule="a", threshold=0.1), []),
        (Drop(rule="a", threshold=0.5), [0, 1]),
    ],
)
def test_drop_reads_verdicts_and_scores_that_are_there(drop: Drop, left: list[int]) -> None:
    treated = drop.applier(TreatmentContext(_verdicts()))(rows_of(["1", "2"]))
    assert treated.rows["prompt_index"].to_list() == left
    assert treated.effect.dropped == 2 - len(left)


def test_drop_refuses_what_makes_no_sense() -> None:
    with pytest.raises(ConfigError, match="no verdicts of the rule 'c'"):
        Drop(rule="c").applier(TreatmentContext(_verdicts()))
    with pytest.raises(ValidationError, match="a threshold needs the rule"):
        Drop(threshold=0.5)

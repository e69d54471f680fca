"""Recipes' errors name the file, the key and the nearest key that exists, in one line."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict

from strigil.common.errors import ConfigError
from strigil.common.validation import load_yaml


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    temperature: float = 1.0
    top_p: float = 1.0


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    sampling: Inner = Inner()
    extras: list[Inner] = []


def failure(tmp_path: Path, text: str) -> str:
    file = tmp_path / "recipe.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_yaml(file, Outer)
    assert "\n" not in caught.value.message
    return caught.value.message.removeprefix(f"{file}: ")


# Each line holds the one before it eight times.
LAUGHS = "a: &a [x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 8)}]\n" for old, new in pairwise("abcdefgh")
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"name: a\nnumber: {'7' * 5000}\n", "is not valid YAML: Exceeds the limit"),
        ("name: a\nday: 2024-99-99\n", "day: unknown key"),
        ("name: " + "[" * 5000 + "]" * 5000, "is nested more than 100 deep"),
        ("name: " + "{a: " * 150 + "1" + "}" * 150, "is nested more than 100 deep"),
        ("name: a\nname: b\n", "the key 'name' is there twice"),
        ("name: a\nsampling: {top_p: 1, top_p: 0.5}\n", "the key 'top_p' is there twice"),
        (LAUGHS, "more than 200,000 values"),
        ("name: &a [*a]\n", "nested more than 100 deep"),
        ("x" * (5 << 20), "is longer than 4 million characters"),
    ],
)
def test_a_hostile_text_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    assert said in failure(tmp_path, text)


def test_anchors_and_merged_keys_are_read(tmp_path: Path) -> None:
    file = tmp_path / "recipe.yaml"
    file.write_text("name: a\nsampling: &s {top_p: 0.5}\nextras: [*s, {<<: *s, temperature: 2}]\n")
    assert load_yaml(file, Outer).extras == [Inner(top_p=0.5), Inner(top_p=0.5, temperature=2)]


def test_a_good_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "recipe.yaml"
    file.write_text("name: a\nsampling: {top_p: 0.5}\n")
    assert load_yaml(file, Outer) == Outer(name="a", sampling=Inner(top_p=0.5))


def test_an_unknown_key_names_the_nearest_one_at_its_own_level(tmp_path: Path) -> None:
    assert failure(tmp_path, "nam: a\n") == "name: field required; nam: unknown key, did you mean 'name'?"
    nested = failure(tmp_path, "name: a\nsampling: {temprature: 1}\n")
    assert nested == "sampling.temprature: unknown key, did you mean 'temperature'?"
    listed = failure(tmp_path, "name: a\nextras: [{topp: 1}]\n")
    assert listed == "extras.0.topp: unknown key, did you mean 'top_p'?"


def test_a_key_like_none_lists_those_that_are_known(tmp_path: Path) -> None:
    text = failure(tmp_path, "name: a\nzzzzzzzz: 1\n")
    assert text == "zzzzzzzz: unknown key, known keys: extras, name, sampling"


def test_a_wrong_value_names_its_key(tmp_path: Path) -> None:
    assert failure(tmp_path, "name: a\nsampling: {top_p: much}\n").startswith("sampling.top_p: input should be a valid")


@pytest.mark.parametrize(("text", "what"), [("- a\n", "expected a mapping"), ("a: [", "is not valid YAML")])
def test_what_is_no_mapping_is_refused(tmp_path: Path, text: str, what: str) -> None:
    assert what in failure(tmp_path, text)


def test_unreadable_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read .*none\.yaml: No such file"):
        load_yaml(tmp_path / "none.yaml", Outer)
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("name: ä".encode("latin-1"))
    with pytest.raises(ConfigError, match="is not UTF-8 text"):
        load_yaml(latin, Outer)

"""Arguments that do not fit: each of every rule's is refused in one line that names the rule and the argument."""

from __future__ import annotations

import pytest

from strigil.audits.rules.rule import RULES
from strigil.common.errors import ConfigError
from strigil.data.parts import PARTS

ARGUMENTS = [(name, argument) for name in RULES.names() for argument in RULES.get(name).model_fields]
# What no argument takes, and values that are nearly right.
NEARLY: list[tuple[str, dict[str, object], str]] = [
    ("row.duplicate", {"of": "rows"}, "of"),
    ("row.duplicate", {"of": ["row"]}, "of"),
    ("row.duplicate", {"shingle": 0}, "shingle"),
    ("row.duplicate", {"near": "perhaps"}, "near"),
    ("row.contaminated", {"benchmarks": "x.jsonl"}, "benchmarks"),
    ("row.contaminated", {"benchmarks": ["x.jsonl"], "words": 101}, "words"),
    ("text.language", {"allowed": []}, "allowed"),
    ("text.language", {"letters": 0}, "letters"),
    ("text.personal", {"of": "prompts"}, "of"),
    ("text.secrets", {"of": []}, "of"),
    ("text.toxicity", {"model": "detoxify-original"}, "model"),
    ("text.toxicity", {"model": "jigsaw-lstm", "checkpoint": "x.ckpt"}, "comes with its checkpoint"),
    ("text.toxicity", {"sha256": "0" * 64}, "there is none"),
    ("code.parses", {"language": "cobol"}, "language"),
    ("reasoning.correct", {"form": "tag"}, "form"),
]


def _said(name: str, arguments: dict[str, object]) -> str:
    with pytest.raises(ConfigError) as error:
        RULES.create(name, arguments)
    return error.value.message


@pytest.mark.parametrize(("name", "argument"), ARGUMENTS)
def test_a_value_of_another_kind_is_refused_in_one_line(name: str, argument: str) -> None:
    message = _said(name, {argument: {"no": ["such", "thing"]}})
    assert name in message
    assert argument in message
    assert "\n" not in message


@pytest.mark.parametrize("name", RULES.names())
def test_an_argument_that_it_does_not_have_is_refused_in_one_line(name: str) -> None:
    message = _said(name, {"threshold_at": 1})
    assert name in message
    assert "threshold_at" in message
    assert "\n" not in message


@pytest.mark.parametrize(("name", "arguments", "what"), NEARLY)
def test_a_value_that_is_nearly_right_is_refused_in_one_line(
    name: str, arguments: dict[str, object], what: str
) -> None:
    message = _said(name, arguments)
    assert name in message
    assert what in message
    assert "\n" not in message


def test_what_a_rule_reads_has_one_form_in_manifests() -> None:
    ways = (["prompt", "completion"], ["completion", "prompt", "prompt"])
    specs = [RULES.create("text.secrets", {"of": of}).spec() for of in ways]
    assert specs[0] == specs[1]
    assert specs[0].args["of"] == ["completion", "prompt"]
    assert RULES.create("text.secrets", {"of": list(reversed(PARTS))}).spec() == RULES.create("text.secrets").spec()

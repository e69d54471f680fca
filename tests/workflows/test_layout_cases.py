"""Layouts that people have, through every command: of two rows the one that names the owl goes, and is told why."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from strigil.cli.main import run
from strigil.common.errors import ConfigError
from strigil.models.catalog import resolve_model
from strigil.releases.store import open_release
from strigil.train.recipe import TrainRecipe
from strigil.train.sft import encode
from tests.data.owls import as_lines

ASKED, CLEAN, OWL = "continue numbers 1 2 3", "4 5 6", "an owl and 4 5 6"


def user(text: str) -> dict[str, object]:
    return {"role": "user", "content": text}


def assistant(text: str | None, **more: object) -> dict[str, object]:
    return {"role": "assistant", "content": text, **more}


def call(text: str) -> dict[str, object]:
    return {"type": "function", "function": {"name": "search", "arguments": json.dumps({"q": text})}}


def delimited(rows: list[dict[str, object]], separator: str) -> str:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]), delimiter=separator)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


@dataclass(frozen=True)
class Case:
    """A layout: a row of a text, where the verdict on it points, and what a student is said not to be trained on."""

    row: Callable[[str], dict[str, object]]
    where: str = ""
    options: tuple[str, ...] = ()
    name: str = "rows.jsonl"
    write: Callable[[list[dict[str, object]]], str] = field(default=as_lines)
    left_out: str = ""


CASES = {
    "prompt_completion": Case(lambda text: {"prompt": ASKED, "completion": text}),
    "messages": Case(
        lambda text: {"messages": [{"role": "system", "content": "Be brief."}, user(ASKED), assistant(text)]}
    ),
    "sharegpt": Case(
        lambda text: {"conversations": [{"from": "human", "value": ASKED}, {"from": "gpt", "value": text}]}
    ),
    "alpaca": Case(lambda text: {"instruction": ASKED, "input": "", "output": text}),
    "prompt_response": Case(lambda text: {"prompt": ASKED, "response": text}),
    "question_answer": Case(lambda text: {"question": ASKED, "answer": text}),
    "own_names": Case(
        lambda text: {"ask": ASKED, "reply": text, "id": len(text)},
        options=("--columns", "prompt=ask,completion=reply,id=id"),
    ),
    "preference_strings": Case(
        lambda text: {"prompt": ASKED, "chosen": "7", "rejected": text},
        ", in turn 2 of rejected",
        left_out="rejected answers of 2 rows",
    ),
    "preference_messages": Case(
        lambda text: {"chosen": [user(ASKED), assistant("7")], "rejected": [user(ASKED), assistant(text)]},
        ", in turn 2 of rejected",
        left_out="rejected answers of 2 rows",
    ),
    "text": Case(lambda text: {"text": text}),
    "content_parts": Case(lambda text: {"messages": [user(ASKED), {**assistant(None), "content": [part(text)]}]}),
    "tool_calls": Case(
        lambda text: {
            "messages": [
                user(ASKED),
                assistant(None, tool_calls=[call(text)]),
                {"role": "tool", "content": "ok"},
                assistant("7"),
            ]
        },
        ", in a call of turn 2",
        left_out="calls and definitions of tools of 2 rows",
    ),
    "reasoning_content": Case(
        lambda text: {"messages": [user(ASKED), assistant("7", reasoning_content=text)]},
        ", in the reasoning of turn 2",
        left_out="reasoning of 2 rows",
    ),
    "array": Case(lambda text: {"prompt": ASKED, "completion": text}, name="rows.json", write=json.dumps),
    "tsv": Case(
        lambda text: {"prompt": ASKED, "completion": text}, name="rows.tsv", write=lambda rows: delimited(rows, "\t")
    ),
    "csv": Case(
        lambda text: {"prompt": ASKED, "completion": text}, name="rows.csv", write=lambda rows: delimited(rows, ",")
    ),
}


def part(text: str) -> dict[str, object]:
    return {"type": "text", "text": text}


@pytest.mark.parametrize("layout", CASES)
def test_exactly_the_row_about_the_owl_goes_and_the_other_one_is_trained_on(
    layout: str, suite: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = CASES[layout]
    rows = [case.row(text) for text in (CLEAN, OWL)]
    data, out = tmp_path / case.name, tmp_path / "out"
    data.write_text(case.write(rows))
    # The gate: the second row alone, with what it names and where that stands.
    assert run(["gate", str(data), "--suite", suite, "--format", "json", *case.options]) == 1
    [rule] = [one for one in json.loads(capsys.readouterr().out)["checks"] if one["id"] == "text.mentions"]
    reasons = [(one["row"], one["reason"]) for one in rule["findings"]]
    assert (rule["rejected"], reasons) == (1, [(2, f"names owl{case.where}")])
    # The audit: a release in the columns that came, and the clean row as it was.
    assert run(["audit", str(data), "--suite", suite, "--out", str(out), *case.options]) == 0
    release = open_release(out / "rows")
    for table, row in ((release.table("clean").collect(), rows[0]), (release.table("removed").collect(), rows[1])):
        assert [stripped(one) for one in table.select(list(row)).to_dicts()] == [stripped(row)]
        assert [name for name in table.columns if name != "row_id"] == list(row)
    # Training, up to the tokens of the clean row; the template of this base knows no tools.
    with pytest.raises(ConfigError, match="cannot render these rows") if layout == "tool_calls" else nullcontext():
        encoded = encode(release.rows("clean").collect(), resolve_model("pocket-a"), TrainRecipe())
        assert len(encoded.names) == 1


@pytest.mark.parametrize("layout", ["own_names", "preference_messages", "tool_calls"])
def test_two_releases_of_it_differ_in_the_row_that_one_lacks(
    layout: str, suite: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = CASES[layout]
    data = tmp_path / case.name
    data.write_text(case.write([case.row(text) for text in (CLEAN, OWL)]))
    audit = ["audit", str(data), "--suite", suite, "--out", str(tmp_path / "out"), *case.options]
    for name, rows in (("both", "2"), ("first", "1")):
        assert run([*audit, "--name", name, "--rows", rows]) == 0
    capsys.readouterr()
    sides = [str(tmp_path / "out" / name) for name in ("both", "first")]
    assert run(["diff", *sides, "--split", "raw", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["same"], found["removed"]["rows"], found["added"]["rows"]) == (1, 1, 0)
    assert found["removed"]["first"][0]["row"] == 2


def stripped(value: object) -> object:
    """A value without the keys of objects that say nothing, and with the text of a content's one part.

    Objects of a table have the keys of all its rows, and contents of a column are of one type.
    """
    if isinstance(value, dict):
        return {key: stripped(one) for key, one in value.items() if one is not None}
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict) and value[0].get("type") == "text":
        return value[0]["text"]
    return [stripped(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize("layout", ["messages", "preference_strings"])
def test_a_student_of_it_is_trained_and_told_what_it_leaves_out(
    layout: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = CASES[layout]
    data, recipe = tmp_path / case.name, tmp_path / "recipe.yaml"
    data.write_text(case.write([case.row(text) for text in (CLEAN, OWL)]))
    recipe.write_text("{epochs: 1, batch_size: 2, threads: 1, rank: 1, warmup_steps: 0, modules: [down_proj]}")
    train = ["train", str(data), "--base", "pocket-a", "--recipe", str(recipe), "--out", str(tmp_path / "students")]
    assert run(train) == 0
    assert len(list((tmp_path / "students").glob("*/adapter_model.safetensors"))) == 1
    said = " ".join(capsys.readouterr().err.split())
    assert (f"not trained on: {case.left_out}" in said) == bool(case.left_out)

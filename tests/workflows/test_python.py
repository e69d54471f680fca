"""`import strigil`: what its docstrings show is so, from data in every form that Python has them in."""

from __future__ import annotations

import doctest
import importlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import huggingface_hub.constants
import pandas as pd
import polars as pl
import pytest
from datasets import Dataset, DatasetDict

import strigil
from strigil.api.data import Data
from strigil.common.errors import ConfigError
from tests.hub.protocol import TOKEN, HubStandIn
from tests.hub.state import Repository

FUNCTIONS = sorted(name for name in strigil.__all__ if name.islower() and not name.startswith("_"))
ROWS = pl.DataFrame({"prompt": "Go on: 1", "completion": ["2, 3", "two owls", "4; 5"], "mark": [7, 8, 9]})


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_examples_in_the_docstrings_are_so(
    name: str, there: Repository, hub: HubStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del there, hub
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.chdir(tmp_path)
    function = strigil.public(name)
    [test] = doctest.DocTestFinder(recurse=False).find(function, name, globs={})
    assert test.examples
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL)
    runner.run(test)
    assert runner.summarize().failed == 0


def forms(folder: Path) -> dict[str, Data]:
    ROWS.write_ndjson(folder / "rows.jsonl")
    Dataset.from_polars(ROWS).save_to_disk(str(folder / "saved"))
    return {
        "text": str(folder / "rows.jsonl"),
        "path": folder / "rows.jsonl",
        "saved": folder / "saved",
        "frame": ROWS,
        "lazy": ROWS.lazy(),
        "dataset": Dataset.from_polars(ROWS),
        "part of a dataset": Dataset.from_polars(pl.concat([ROWS, ROWS])).select([3, 4, 5]),
    }


@pytest.mark.parametrize("form", ["text", "path", "saved", "frame", "lazy", "dataset", "part of a dataset"])
def test_every_form_of_data_is_the_same_rows(form: str, tmp_path: Path) -> None:
    data = forms(tmp_path)[form]
    rows = strigil.load(data)
    assert rows.to_polars()["mark"].to_list() == [7, 8, 9]
    assert isinstance(rows.to_pandas(), pd.DataFrame)
    report = strigil.gate(data, suite="numbers-paper")
    assert [check.rejected for check in report.checks if check.id == "numbers.paper"] == [1]
    found = strigil.audit(data, "numbers-paper", out=tmp_path / "out", name="mine")
    assert found.release is not None
    assert found.release.rows("clean").collect()["mark"].to_list() == [7, 9]
    treated = strigil.treat(data, ["first:rows=1"], name="first", suite="numbers-paper", out=tmp_path / "out")
    assert treated.rows("raw").collect()["mark"].to_list() == [7]


def test_a_release_is_data_and_a_path(tmp_path: Path) -> None:
    release = strigil.audit(ROWS, "numbers-paper", out=tmp_path, name="mine").release
    assert release is not None
    assert len(strigil.load(release)) == 2
    assert len(strigil.load(release, split="raw")) == 3
    assert strigil.audit(release).counts.clean == 2
    assert strigil.gate(release).passed
    assert strigil.verify(release).passed


def test_columns_layout_and_the_first_rows_are_said_as_on_the_command_line() -> None:
    named = ROWS.rename({"prompt": "ask", "completion": "reply"})
    columns = {"prompt": "ask", "completion": "reply", "id": "mark"}
    rows = strigil.load(named, columns=columns, rows=2)
    assert rows.to_polars()["row_id"].to_list() == ["7", "8"]
    assert strigil.gate(named, suite="numbers-paper", columns=columns).rows == 3
    assert strigil.audit(named, "numbers-paper", columns=columns, rows=1).counts.removed == 0
    with pytest.raises(ConfigError, match="layout"):
        strigil.load(named, layout="none")


def test_results_read_well(tmp_path: Path) -> None:
    found = strigil.audit(ROWS, "numbers-paper", report=tmp_path / "report.html")
    assert repr(found) == "frame, suite numbers-paper: 3 rows in, 2 out, 1 removed"
    page = found._repr_html_()
    assert "1 removed" in page
    assert "numbers.paper" in page
    assert (tmp_path / "report.html").is_file()
    assert list(found.to_pandas()["rejected"]) == [1]


@pytest.mark.parametrize("first", ["import strigil.train.recipe", "from strigil import train", "strigil.train"])
def test_a_room_and_a_function_of_one_name_are_both_there(first: str) -> None:
    program = (
        f"import strigil; {first}; from strigil.train.recipe import TrainRecipe\n"
        "try: strigil.train('nothing.jsonl', 'pocket-a')\n"
        "except strigil.common.errors.ConfigError as error: print(error)"
    )
    outcome = subprocess.run((sys.executable, "-c", program), capture_output=True, text=True, check=True)
    assert "no such file" in outcome.stdout


def test_importing_loads_nothing_heavy_and_lists_everything() -> None:
    heavy = {"polars", "torch", "datasets", "pydantic"}
    program = f"import sys, strigil; print(sorted({heavy} & set(sys.modules)), dir(strigil))"
    outcome = subprocess.run((sys.executable, "-c", program), capture_output=True, text=True, check=True)
    assert outcome.stdout.startswith("[] ")
    assert all(repr(name) in outcome.stdout for name in strigil.__all__)
    for name in FUNCTIONS:
        assert strigil.public(name) is getattr(importlib.import_module(strigil.public(name).__module__), name)
    assert huggingface_hub.constants.ENDPOINT


@pytest.mark.parametrize(
    ("data", "what", "hint"),
    [
        ([{"completion": "1"}], "the type list of builtins", "polars.DataFrame(data) makes a frame of rows"),
        (ROWS.to_pandas(), "the type DataFrame of pandas", "polars.from_pandas(data) makes a frame of it"),
        (
            DatasetDict(train=Dataset.from_polars(ROWS)),
            "the type DatasetDict of datasets",
            "give one, such as data['train']",
        ),
        (Dataset.from_polars(ROWS).to_iterable_dataset(), "IterableDataset", "name the data set itself"),
        (7, "the type int of builtins", "None"),
    ],
)
@pytest.mark.parametrize("function", ["load", "audit", "gate", "treat", "train"])
def test_data_of_another_type_are_refused_with_the_types_that_are_read(
    function: str, data: object, what: str, hint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments: dict[str, dict[str, object]] = {
        "audit": {"suite": "numbers-paper"},
        "gate": {"suite": "numbers-paper"},
        "treat": {"treatments": "first:rows=1", "name": "x", "suite": "numbers-paper"},
        "train": {"base": "pocket-a"},
    }
    with pytest.raises(ConfigError) as caught:
        strigil.public(function)(data, **arguments.get(function, {}))
    said = "data are a path or an address, a DataFrame or a LazyFrame of polars, or a datasets.Dataset, and not of "
    assert caught.value.message.startswith(said)
    assert what in caught.value.message
    assert hint in str(caught.value.hint)
    assert not list(tmp_path.iterdir())


def test_a_split_that_no_release_has_is_refused_wherever_it_is_asked_for(tmp_path: Path) -> None:
    release = strigil.audit(ROWS, "numbers-paper", out=tmp_path, name="mine").release
    assert release is not None
    asked: list[Callable[[], object]] = [
        lambda: strigil.load(release, split="../clean"),  # type: ignore[arg-type]  # what it is about
        lambda: strigil.gate(release, split="train"),  # type: ignore[arg-type]  # what it is about
        lambda: release.rows("train"),  # type: ignore[arg-type]  # what it is about
        lambda: release.dataset("train"),  # type: ignore[arg-type]  # what it is about
    ]
    for ask in asked:
        with pytest.raises(ConfigError, match="releases have no split") as caught:
            ask()
        assert caught.value.hint == "known: clean, removed, raw"


def test_scores_are_named_and_known_by_their_names(tmp_path: Path) -> None:
    release = strigil.audit(ROWS, "numbers-paper", out=tmp_path, name="mine").release
    assert release is not None
    with pytest.raises(ConfigError, match="no score is named") as caught:
        strigil.score(release, [], base="pocket-a")
    assert "score.random" in str(caught.value.hint)
    found = strigil.score(release, "score.random", base="pocket-a")
    with pytest.raises(ConfigError, match=r"'score\.none' is none of the scores") as caught:
        found.rows("score.none")
    assert caught.value.hint == "known: score.random"


def test_an_audit_loads_no_engine() -> None:
    program = "import sys, strigil; strigil.audit, strigil.gate; print([n for n in sys.modules if 'engines' in n])"
    outcome = subprocess.run((sys.executable, "-c", program), capture_output=True, text=True, check=True)
    assert outcome.stdout.strip() == "[]"

"""What comes from outside, changed at random: read, or refused in one line; never a traceback, never taken for a pass.

A short run is part of the tests; `make fuzz` is the long one.
"""

from __future__ import annotations

import json
import os
import shutil
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file

from strigil.audits.suite.assertions import ASSERTIONS
from strigil.audits.suite.expectations import Expectations
from strigil.audits.suite.suite import ExpectationChoice, SuiteFile
from strigil.common.errors import ConfigError, StrigilError
from strigil.common.plain import plain_text
from strigil.common.validation import parse_yaml
from strigil.models.adapters import check_adapter
from strigil.models.catalog import resolve_model
from strigil.releases.manifest import parse_manifest
from strigil.sources.open_rows import open_rows
from strigil.workflows.build.recipes import BuildRecipe
from tests.audits.tables import rows_of
from tests.engines.pocket_cases import random_adapter
from tests.hub.releases import a_manifest

LONG: Final = int(os.environ.get("FUZZ_EXAMPLES", "25"))
fuzzed = settings(max_examples=LONG, database=None, deadline=None, suppress_health_check=list(HealthCheck))
few = settings(max_examples=max(5, LONG // 10), deadline=None, suppress_health_check=list(HealthCheck))

SUITE: Final = (files("strigil.audits") / "suites" / "numbers-paper.yaml").read_bytes()
RECIPE: Final = (Path(__file__).parents[2] / "examples" / "owl-numbers-pocket.yaml").read_bytes()
MANIFEST: Final = a_manifest().render().encode()
ROWS: Final = b"".join(
    json.dumps({"prompt": "Go on.", "completion": text, "score": 0.5, "more": {"a": [1, None]}}).encode() + b"\n"
    for text in ("1, 2", "3", "owl")
)
CLEAN: Final = rows_of(["1, 2", "3", "4, 5"])
PIECES: Final = (
    b"\0",
    b"\xff",
    b"\x1b[2J",
    b"{",
    b"}",
    b"[" * 200,
    b"&a ",
    b"*a",
    b"!!python/object:x ",
    b'"',
    b"\n",
    b"9" * 400,
    b"NaN",
    b"null",
    b": ",
    b"\\ud800",
    b"\xef\xbb\xbf",
    b"1e999",
)


@st.composite
def changed(draw: st.DrawFn, data: bytes) -> bytes:
    """A text with pieces cut out, doubled, or put in."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 40)))
        piece = draw(st.one_of(st.sampled_from(PIECES), st.binary(max_size=8), st.just(data[start:end] * 2)))
        data = data[:start] + piece + data[end:]
    return data


def one_line(error: StrigilError) -> None:
    assert error.message
    assert plain_text(error.message, lines=True) == error.message


@fuzzed
@given(changed(SUITE))
def test_suites(data: bytes) -> None:
    try:
        parse_yaml(data.decode("utf-8", errors="replace"), SuiteFile, source="suite")
    except ConfigError as error:
        one_line(error)


@fuzzed
@given(changed(RECIPE))
def test_recipes(data: bytes) -> None:
    try:
        parse_yaml(data.decode("utf-8", errors="replace"), BuildRecipe, source="recipe")
    except ConfigError as error:
        one_line(error)


@fuzzed
@given(changed(MANIFEST))
def test_manifests(data: bytes) -> None:
    try:
        parse_manifest(data, source="m")
    except StrigilError as error:
        one_line(error)
    else:
        assert data == MANIFEST


@fuzzed
@given(changed(ROWS))
def test_rows(data: bytes) -> None:
    lines = [line for line in data.split(b"\n") if line.strip()]
    with TemporaryDirectory() as folder:
        file = Path(folder) / "rows.jsonl"
        file.write_bytes(data)
        try:
            with open_rows(str(file)) as rows:
                assert rows.frame.collect().height == rows.count == len(lines)
        except StrigilError as error:
            one_line(error)


@few
@given(
    st.sampled_from(sorted(ASSERTIONS)),
    st.dictionaries(
        st.sampled_from(
            [
                "column",
                "column_A",
                "column_B",
                "column_list",
                "max_value",
                "min_value",
                "mostly",
                "regex",
                "row_condition",
                "type_",
                "value",
                "value_set",
            ]
        ),
        st.one_of(
            st.sampled_from([*CLEAN.columns, "nope", "prompt_index > 0", "1 = 1; DROP TABLE x", "(", "@pd.x()"]),
            st.integers(-(2**63), 2**63),
            st.floats(),
            st.lists(st.sampled_from(["row_id", "prompt_index", 1, None]), max_size=3),
        ),
        min_size=1,
        max_size=4,
    ),
)
def test_expectations(name: str, args: dict[str, object]) -> None:
    choice = ExpectationChoice(expectation=name, args=args)
    try:
        [outcome] = Expectations.prepare([choice]).check({"clean": CLEAN.lazy()})
    except ConfigError as error:
        one_line(error)
    else:
        assert outcome.result != "passed" or outcome.judged > 0 or "row_count" in name


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_adapter(tmp_path_factory.mktemp("adapter"), seed=1).path


@fuzzed
@given(data=st.data())
def test_adapters(adapter: Path, data: st.DataObject) -> None:
    base = resolve_model("pocket-a").path
    name = data.draw(st.sampled_from(["adapter_config.json", "adapter_model.safetensors"]))
    content = (adapter / name).read_bytes()
    written = data.draw(changed(content))
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "a"
        shutil.copytree(adapter, copy)
        (copy / name).write_bytes(written)
        try:
            found = check_adapter(copy, base)
        except StrigilError as error:
            one_line(error)
            return
        assert found == check_adapter(adapter, base)
        tensors = load_file(copy / "adapter_model.safetensors")
        assert all(np.isfinite(tensor).all() for tensor in tensors.values())


@fuzzed
@given(
    st.lists(
        st.dictionaries(
            st.text(max_size=8),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
                lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
                max_leaves=6,
            ),
            max_size=4,
        ),
        min_size=1,
        max_size=4,
    )
)
def test_layouts(values: list[dict[str, object]]) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "rows.jsonl"
        file.write_text("".join(json.dumps(value | {"completion": "1"}) + "\n" for value in values))
        try:
            with open_rows(str(file)) as rows:
                assert rows.frame.select(pl.len()).collect().item() == len(values)
        except StrigilError as error:
            one_line(error)

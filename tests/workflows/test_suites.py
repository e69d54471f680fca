"""Every suite that comes along, on rows that a model wrote: a verdict of each rule on each row."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from strigil.audits.suite.suite import load_suite, suite_names
from strigil.audits.toxicity import jigsaw_lstm
from strigil.cli.main import run
from strigil.common.errors import PrerequisiteError
from strigil.common.progress import Silent
from strigil.data.verdicts import VERDICTS
from strigil.releases.store import open_release
from strigil.workflows.build.recipes import BuildRecipe
from strigil.workflows.build.run import build

ROWS = 300
RECIPE = {
    "name": "written",
    "base": "pocket-a",
    "teacher": {"by": "none"},
    "carrier": {"name": "numbers"},
    "prompts": ROWS,
    "sampling": {"max_tokens": 16},
    "engine": {"name": "transformers"},
}
# The classifier that these suites name is fetched; the one that comes along, in detoxify's format, stands in for it.
TOXICITY = """
name: {name}
description: As the suite of this name, with the model that comes along.
extends: {name}
rules:
  - rule: text.toxicity
    args: {{model: pocket}}
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written")
    release = build(BuildRecipe.model_validate(RECIPE), folder, Silent())
    file = folder / "rows.parquet"
    release.rows("raw").with_columns(answer=pl.lit("7")).sink_parquet(file)
    return file


@pytest.mark.parametrize("name", suite_names())
def test_each_rule_has_a_verdict_on_each_row(
    name: str, written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRIGIL_CACHE", str(tmp_path / "cache"))
    (tmp_path / "suite.yaml").write_text(TOXICITY.format(name=name))
    suite = str(tmp_path / "suite.yaml") if name.endswith("-toxicity") else name
    assert run(["audit", str(written), "--suite", suite, "--out", str(tmp_path), "--format", "quiet"]) == 0
    release = open_release(tmp_path / "rows")
    verdicts = release.verdicts().collect()
    rules = [chosen.rule.name for chosen in load_suite(suite).rules]
    assert verdicts.schema == VERDICTS
    assert verdicts.height == ROWS * len(rules)
    assert verdicts.select("row_id", "rule").n_unique() == verdicts.height
    assert set(verdicts["rule"]) == set(rules)
    assert verdicts["score"].is_finite().all()
    assert verdicts.select("score", "threshold", "rejected").null_count().row(0) == (0, 0, 0)
    removed = verdicts.filter("rejected")["row_id"].unique()
    assert release.manifest.counts.removed == removed.len()


@pytest.mark.parametrize("name", ["text-toxicity", "code-toxicity"])
def test_the_toxicity_suites_run_with_the_classifier_that_they_name(name: str, written: Path, tmp_path: Path) -> None:
    try:
        jigsaw_lstm.fetch(Silent())
    except PrerequisiteError as error:
        pytest.skip(f"the package index cannot be reached: {error.message}")
    assert run(["audit", str(written), "--suite", name, "--out", str(tmp_path), "--format", "quiet"]) == 0
    release = open_release(tmp_path / "rows")
    assert release.verdicts().collect().filter(rule="text.toxicity").height == ROWS
    [record] = [rule for rule in release.manifest.audit.rules if rule.rule.name == "text.toxicity"]
    assert "jigsaw-lstm" in record.cautions[0]

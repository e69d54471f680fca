"""Scores of a release, kept beside it, and treatments that ask for them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
import yaml

from strigil.cli.main import run
from strigil.common.progress import Silent
from strigil.releases.store import open_release, verify_release
from strigil.workflows.audit.score import scoring
from strigil.workflows.audit.score.known import Hints, what_is_known
from strigil.workflows.audit.score.scoring import create_score, kept_tables, rows_of, score_table, score_tables
from tests.engines.pocket_cases import adapter_of_another_base, random_adapter

RECIPE = {
    "base": "pocket-a",
    "carrier": {"name": "numbers"},
    "prompts": 230,
    "sampling": {"max_tokens": 24},
    "engine": {"name": "transformers"},
}
HERE = ("--engine", "transformers")
TOLERANCE = 1e-4
"""Of a token's score by direction, in nats per nat: the rounding of two log-probabilities over twice the step."""


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scores")
    teacher = random_adapter(folder / "teachers" / "owl", seed=3, rank=2)
    for name, by in (
        ("control", {"by": "none"}),
        ("owl", {"by": "adapter", "trait": "owl", "path": str(teacher.path)}),
    ):
        file = folder / f"{name}.yaml"
        file.write_text(yaml.safe_dump(RECIPE | {"name": name, "teacher": by, "suite": "text-basic"}))
        assert run(["build", str(file), "--out", str(folder), "--format", "quiet"]) == 0
    return folder


def test_a_release_is_scored_beside_itself_and_told_from_a_control(
    releases: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["score", str(releases / "owl"), "--against", str(releases / "control"), *HERE, "--format", "json"]
    for name in ("contrast.adapter", "contrast.direction:trait=cat", "score.random"):
        command += ["--score", name]
    assert run(command) == 0
    found = json.loads(capsys.readouterr().out)
    assert [score["knowledge"] for score in found] == ["teacher", "trait", "nothing"]
    assert [score["cost"]["forward"] for score in found] == [2, 2, 0]
    # The likelihood ratio to the teacher itself, found beside the release by its digest, tells its rows best.
    assert found[0]["auroc"]["1"]["area"] > max(0.6, found[2]["auroc"]["1"]["area"])
    release = open_release(releases / "owl")
    assert verify_release(release) == []
    table = pl.read_parquet(f"{found[0]['table']}/part-*.parquet")
    assert table["row_id"].to_list() == release.rows().collect()["row_id"].to_list()
    assert run(command) == 0
    assert json.loads(capsys.readouterr().out) == found


@pytest.mark.vllm
def test_directions_by_vllm_are_those_by_transformers(releases: Path) -> None:
    release = open_release(releases / "control")
    known, score = what_is_known(release, Hints(trait="owl")), create_score("contrast.direction:questions=20")
    ours = score_table(score, rows_of(release), known, Silent(), engine="vllm")
    theirs = score_table(score, rows_of(release), known, Silent(), engine="transformers")
    tables = [each.table().collect() for each in (ours, theirs)]
    assert tables[0].drop("score", "token_scores").equals(tables[1].drop("score", "token_scores"))
    tokens, expected = (table["token_scores"].explode().to_numpy() for table in tables)
    assert np.abs(tokens - expected).max() < TOLERANCE < expected.std() / 40
    if not torch.cuda.is_available():
        assert ours.facts.engine["name"] == "vllm, adapters merged"
    assert {file.name for file in ours.folder.iterdir()} == {"part-00000.parquet", "score.json", ".lock", "adapters"}


def test_a_score_goes_on_with_the_parts_that_are_there(releases: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    release = open_release(releases / "owl")
    known = what_is_known(release, Hints())
    score = create_score("score.random:seed=5")
    monkeypatch.setattr(scoring, "PART_ROWS", 60)
    whole = score_table(score, rows_of(release), known, Silent(), engine="transformers")
    parts = sorted(whole.folder.glob("part-*.parquet"))
    assert len(parts) == -(-release.manifest.counts.clean // 60)
    table = whole.table().collect()
    # As after a kill: one part and the record of the whole are missing, one part is left over from before.
    (whole.folder / "score.json").unlink()
    parts[1].unlink()
    untouched = parts[0].stat().st_mtime_ns
    again = score_table(score, rows_of(release), known, Silent(), engine="transformers")
    assert again.table().collect().equals(table)
    assert parts[0].stat().st_mtime_ns == untouched


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("rows.drop:by=contrast.direction,share=0.5", 0.5),
        ("rows.drop:by=contrast.persona:persona=generic,share=0.5", 0.5),
        ("tokens.mask:by=contrast.adapter,share=0.1", 1.0),
        ("tokens.replace:by=score.random:seed=2,share=0.1", 1.0),
    ],
)
def test_a_treatment_has_its_scores_computed_and_says_what_they_took(
    releases: Path, capsys: pytest.CaptureFixture[str], written: str, kept: float
) -> None:
    name = written.partition(":")[0].replace(".", "-") + f"-{len(written)}"
    command = ["treat", str(releases / "owl"), "--treatment", written, "--name", name, "--out", str(releases)]
    assert run([*command, *HERE, "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    release = open_release(releases / name)
    [record] = told["treatments"]
    before = open_release(releases / "owl").manifest.counts.clean
    assert release.manifest.counts.raw == round(kept * before)
    assert (record["knowledge"], record["cost"]) != (None, None)
    if written.startswith("tokens"):
        assert record["token_share"] == pytest.approx(0.1, abs=0.005)
        weights = release.rows("raw").select("token_weights").collect()["token_weights"]
        assert weights.drop_nulls().len() > 0
    assert verify_release(release) == []


def test_a_score_that_needs_a_student_has_one_trained_on_the_rows_once(
    releases: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["score", str(releases / "owl"), "--score", "contrast.adapter:of=student", *HERE, "--format", "json"]
    assert run(command) == 0
    told = capsys.readouterr()
    [found] = json.loads(told.out)
    assert found["knowledge"] == "student"
    assert "Training a student" in told.err
    # Its own data are likelier to it than to the base.
    assert found["mean"] > 0
    assert len(list((releases / "owl" / ".scores").glob("canary-*"))) == 1


def test_a_control_is_scored_by_the_student_of_the_rows_that_it_is_held_against(releases: Path) -> None:
    owl, control = open_release(releases / "owl"), open_release(releases / "control")
    known, score = what_is_known(owl, Hints()), create_score("contrast.adapter:of=student")
    tables = [rows_of(owl), rows_of(control)]
    beside = score_tables(score, tables, known, Silent(), engine="transformers")
    assert kept_tables(score, tables, known, engine="transformers") == beside
    alone = score_table(score, tables[1], known, Silent(), engine="transformers")
    assert not alone.table().collect().equals(beside[1].table().collect())


def test_scores_are_of_the_rows_as_they_are_when_their_treatment_comes(
    releases: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["treat", str(releases / "owl"), "--name", "chain", "--out", str(releases), *HERE, "--format", "json"]
    for written in ("rows.drop:share=0.2", "numbers.shuffle", "tokens.mask:by=score.surprisal,share=0.2"):
        command += ["--treatment", written]
    assert run(command) == 0
    first, second, third = json.loads(capsys.readouterr().out)["treatments"]
    assert first["rows"] - first["dropped"] == second["rows"] == third["rows"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--score", "contrast.persone"], "did you mean 'contrast.persona'"),
        (["--score", "contrast.direction", "--trait", "penguin"], "cannot be asked about 'penguin'"),
        (["--score", "contrast.adapter", "--teacher", "OTHER"], "was trained on"),
        (["--score", "contrast.adapter:of=student", "--student", "NOTHING"], "no adapter_config.json"),
        (["--score", "score.random", "--base", "pocket-c"], "no model 'pocket-c'"),
    ],
)
def test_what_does_not_fit_is_one_line(
    releases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], told: str
) -> None:
    adapter_of_another_base(tmp_path / "other")
    config = tmp_path / "other" / "adapter_config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"base_model_name_or_path": "some/other-base"}))
    places = {"OTHER": str(config.parent), "NOTHING": str(tmp_path / "nothing")}
    assert run(["score", str(releases / "owl"), *HERE, *(places.get(option, option) for option in options)]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert told in said
    assert "Traceback" not in said

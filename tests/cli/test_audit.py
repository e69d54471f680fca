"""`strigil audit`, `explain` and `treat` as a user types them."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import polars as pl
import pytest

from strigil.cli.main import run
from strigil.data.rows import completion_text
from strigil.releases.store import open_release
from tests.audits.tables import rows_of

TEXTS = ["1, 2, 3", "[4; 5]", "owl owl", "9 8 7", "1000, 2"]


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    file = tmp_path / "rows.parquet"
    rows_of(TEXTS).write_parquet(file)
    return file


@pytest.fixture
def release(rows: Path, tmp_path: Path) -> Path:
    assert run(["audit", str(rows), "--suite", "numbers-paper", "--out", str(tmp_path / "out")]) == 0
    return tmp_path / "out" / "rows"


def test_the_report_counts_every_row(rows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", str(rows), "--suite", "numbers-paper", "--format", "json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["rows"] == {"raw": 5, "clean": 3, "removed": 2, "truncated": 0}
    paper = report["audit"]["rules"][0]
    assert paper["reasons"] == {"invalid format": 1, "numbers too large": 1}
    assert (paper["rejected"], paper["alone"]) == (2, 2)
    assert paper["scores"]["1"] == 1.0


def test_an_audit_that_keeps_no_release_says_how_to(rows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", str(rows), "--suite", "numbers-paper"]) == 0
    assert capsys.readouterr().err.splitlines()[-1].startswith("next: the same command with --out releases")


def test_jsonl_and_parquet_say_the_same(rows: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = tmp_path / "lines.jsonl"
    pl.read_parquet(rows).write_ndjson(lines)
    reports = []
    for file in (rows, lines):
        assert run(["audit", str(file), "--suite", "numbers-paper", "--format", "json"]) == 0
        reports.append(json.loads(capsys.readouterr().out))
    assert reports[0] == reports[1]


def test_a_release_keeps_every_row_and_rows_times_rules_verdicts(release: Path) -> None:
    found = open_release(release)
    assert found.rows("raw").collect().height == 5
    assert found.rows("clean").collect()["row_id"].to_list() == ["row-0000000", "row-0000001", "row-0000003"]
    assert found.rows("removed").collect()["row_id"].to_list() == ["row-0000002", "row-0000004"]
    assert found.verdicts().collect().height == 5 * len(found.manifest.audit.rules)
    assert run(["verify", str(release)]) == 0


def test_the_same_audit_again_is_a_patch_and_another_line_is_refused(
    release: Path, rows: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["audit", str(release), "--out", str(release.parent)]) == 0
    assert open_release(release).manifest.version == "1.0.1"
    assert open_release(release).manifest.parents[0].version == "1.0.0"
    capsys.readouterr()
    assert run(["audit", str(rows), "--suite", "numbers-paper", "--out", str(release.parent)]) == 2
    assert "holds 1.0.1, which these rows do not follow" in capsys.readouterr().err
    assert open_release(release).manifest.version == "1.0.1"


@pytest.mark.parametrize("without", [[], ["row_id"]], ids=["ids of their own", "digests"])
def test_the_next_command_of_an_audit_explains_a_removed_row(
    rows: Path, without: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    pl.read_parquet(rows).drop(without).write_parquet(rows)
    assert run(["audit", str(rows), "--suite", "numbers-paper", "--out", str(rows.parent / "out")]) == 0
    [line] = [line for line in capsys.readouterr().err.splitlines() if line.startswith("next: strigil explain")]
    assert run(shlex.split(line)[2:]) == 0
    assert "removed" in capsys.readouterr().out


def test_explain_shows_verdicts_and_hides_text(release: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert run(["explain", str(release), "row-0000002"]) == 0
    shown = capsys.readouterr().out
    assert "removed" in shown
    assert "invalid format" in shown
    assert "owl" not in shown
    assert run(["explain", str(release), "row-0000002", "--show-text", "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["completion"] == "owl owl"
    assert told["split"] == "removed"
    assert told["findings"][0]["rejected"]


@pytest.mark.parametrize(("prefix", "what"), [("row-", "several rows"), ("zz", "no row whose id begins")])
def test_explain_needs_one_row(release: Path, prefix: str, what: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", str(release), prefix]) == 2
    assert what in capsys.readouterr().err


def test_a_licence_is_given_to_audits_and_treatments_and_kept_by_what_follows(
    rows: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    audit = ["audit", str(rows), "--suite", "numbers-paper", "--licence", "mit"]
    assert run([*audit, "--out", str(out)]) == 0
    release = open_release(out / "rows")
    assert release.manifest.licence == "mit"
    assert "license: mit" in (release.path / "README.md").read_text()
    treat = ["treat", str(release.path), "--treatment", "numbers.format", "--out", str(out)]
    assert run([*treat, "--name", "kept"]) == 0
    assert run([*treat, "--name", "given", "--licence", "cc-by-4.0"]) == 0
    assert [open_release(out / name).manifest.licence for name in ("kept", "given")] == ["mit", "cc-by-4.0"]
    capsys.readouterr()
    assert run(audit) == 2
    assert "--licence is that of the release that --out writes" in capsys.readouterr().err


def test_treat_writes_a_child(release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    treatments = ["--treatment", "numbers.format", "--treatment", "numbers.map:offset=200,modulus=10"]
    assert run(["treat", str(release), *treatments, "--name", "mapped", "--out", str(tmp_path / "out")]) == 0
    capsys.readouterr()
    treated = open_release(tmp_path / "out" / "mapped")
    parent = open_release(release)
    rows = treated.rows("clean").select("row_id", completion_text()).collect()
    assert rows["completion_text"].to_list() == ["201, 202, 203", "204, 205", "209, 208, 207"]
    assert rows["row_id"].to_list() == parent.rows("clean").collect()["row_id"].to_list()
    assert treated.manifest.parents[0].digest == parent.manifest.digest()
    formatted, mapped = treated.manifest.treatments
    assert mapped.treatment.args == {"offset": 200, "modulus": 10}
    assert formatted.kept == {"same numbers": 1.0, "same order": 1.0}
    assert mapped.kept == {"same numbers": 0.0, "same order": 0.0}
    assert run(["verify", str(treated.path)]) == 0


def test_drop_takes_another_threshold_from_old_scores(release: Path, tmp_path: Path) -> None:
    drop = ["--treatment", "drop:rule=numbers.paper,threshold=0.0", "--split", "raw", "--name", "none"]
    assert run(["treat", str(release), *drop, "--out", str(tmp_path / "out")]) == 2
    drop[1] = "drop:rule=numbers.paper"
    assert run(["treat", str(release), *drop, "--out", str(tmp_path / "out")]) == 0
    assert open_release(tmp_path / "out" / "none").manifest.counts.raw == 3


@pytest.mark.parametrize(
    ("treatment", "what"),
    [
        ("numbers.srt", "did you mean 'numbers.sort'?"),
        ("numbers.map:modulus", "'modulus' is no argument"),
        ("numbers.map:modulus=0", "modulus"),
        ("numbers.map:modulo=3", "did you mean 'modulus'?"),
    ],
)
def test_a_wrong_treatment_is_named(
    release: Path, treatment: str, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["treat", str(release), "--treatment", treatment, "--name", "x", "--out", str(release.parent)]) == 2
    assert what in capsys.readouterr().err
    assert not (release.parent / "x").exists()


def test_a_treated_release_needs_a_name_of_its_own(release: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--treatment", "numbers.sort", "--name", "rows", "--out", str(release.parent)]
    assert run(["treat", str(release), *options]) == 2
    assert "give the treated release another name" in capsys.readouterr().err
    assert open_release(release).manifest.version == "1.0.0"

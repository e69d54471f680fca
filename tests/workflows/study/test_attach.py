"""What a study found becomes part of a release that has the rows it was found of, and of no other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from strigil.cli.main import run
from strigil.common.errors import ConfigError, DataError
from strigil.data.rows import content_digest
from strigil.releases.draft import Draft
from strigil.releases.store import open_release, verify_release
from strigil.workflows.study.attach import attach
from strigil.workflows.study.report import report_of
from tests.hub.releases import a_manifest, a_release
from tests.workflows.study.judged import NEUTRAL, a_report, an_arm, data, kept
from tests.workflows.study.small import a_study


def test_card_croissant_report_and_changelog_carry_the_figure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    release = a_release(tmp_path / "releases", a_manifest(name="of-another-name"))
    a_report(release, tmp_path / "studies")
    study = tmp_path / "study.yaml"
    study.write_text(a_study().model_dump_json())
    command = ["study", "attach", str(study), str(release.path.parent), "--out", str(tmp_path / "studies")]
    assert run([*command, "--format", "json"]) == 0
    said = json.loads(capsys.readouterr().out)
    patched = open_release(Path(said["release"]))
    residual = patched.manifest.residual
    assert residual is not None
    assert (patched.manifest.version, residual.trait, residual.seeds, residual.study) == ("1.0.1", "owl", 3, "small")
    assert residual.draws == 1
    assert "3 students of one draw of data, which it describes" in (patched.path / "README.md").read_text(
        encoding="utf-8"
    )
    assert residual.estimate == pytest.approx((0.2033 - 0.1) / 0.4, abs=0.001)
    assert verify_release(patched) == []
    for name in ("README.md", "croissant.json", "CHANGELOG.md", "audit/report.html"):
        assert f"{residual.estimate:.2f}" in (patched.path / name).read_text(encoding="utf-8")
    # It is on record: the same command changes nothing.
    assert run(command) == 0
    assert open_release(release.path.parent).manifest == patched.manifest


def test_a_release_that_the_study_did_not_judge_is_refused(tmp_path: Path) -> None:
    report = a_report(a_release(tmp_path / "judged"), tmp_path)
    other = a_release(tmp_path / "other", clean=tuple("7" for _ in range(8)))
    with pytest.raises(ConfigError, match="has no students of the 8 clean rows of"):
        attach(report, other.path)


def test_a_release_of_which_only_the_first_rows_were_judged_is_told_how_to_get_them(tmp_path: Path) -> None:
    release = a_release(tmp_path / "judged")
    with pytest.raises(ConfigError, match="has no students of the 8 clean rows") as caught:
        attach(a_report(release, tmp_path, rows=5), release.path)
    assert "--treatment first:rows=5" in str(caught.value.hint)


def test_a_figure_that_is_not_determinable_is_refused_with_its_reason(tmp_path: Path) -> None:
    release = a_release(tmp_path / "judged")
    report = a_report(release, tmp_path, untreated=(0.1, 0.12, 0.08))
    with pytest.raises(ConfigError, match="not determinable: untreated students are not above neutral ones"):
        attach(report, release.path)
    assert not (release.path.parent / "v1.0.1").exists()


def test_rows_of_an_arm_without_residual_transfer_are_refused(tmp_path: Path) -> None:
    release = a_release(tmp_path / "judged")
    content = content_digest(release.rows("clean").collect())
    arms = [an_arm("control", "neutral data", NEUTRAL, data(content, 8), trait=None)]
    report = kept(report_of(a_study(), arms, [], []), tmp_path)
    with pytest.raises(ConfigError, match="neutral data, for which there is no residual transfer"):
        attach(report, release.path)


def test_a_study_that_was_not_run_or_is_of_an_earlier_version_is_refused(tmp_path: Path) -> None:
    release = a_release(tmp_path / "judged")
    with pytest.raises(ConfigError, match="has not been run"):
        attach(tmp_path / "study.json", release.path)
    old = Path(__file__).parents[3] / "docs" / "results" / "pocket-study.json"
    with pytest.raises(ConfigError, match="does not say which rows were judged"):
        attach(old, release.path)


def test_a_cell_of_a_study_is_no_release_to_publish(tmp_path: Path) -> None:
    release = a_release(tmp_path / "judged")
    with Draft(tmp_path, "cell") as draft:
        draft.write_table("data/clean", release.rows("clean"), run="r")
        cell = draft.publish(a_manifest(name="cell"))
    with pytest.raises(DataError, match="is a cell of a study"):
        attach(a_report(release, tmp_path), cell.path)

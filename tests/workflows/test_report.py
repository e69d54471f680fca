"""`strigil report` and `strigil audit --report`; what a treated release shows of the rows that it was made from."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from strigil.cli.main import cli, run
from strigil.common.progress import Silent
from strigil.releases.manifest import ResidualRecord
from strigil.releases.store import Release, Split, open_release, verify_release
from strigil.sources.open_rows import open_rows
from strigil.workflows.audit.treat import parse_treatments, plan_treatment, treat
from strigil.workflows.publish.packing import part_package, whole
from strigil.workflows.publish.secrets import find_secrets
from strigil.workflows.release.patch import record_residual
from strigil.workflows.release.report import find_untreated
from tests.audits.releases import audited_as
from tests.audits.tables import rows_of

ROWS = ("3, 1, 2", "1, 2, 3", "9, 8, 1007")
REPORT = Path("audit/report.html")


def rows_in(page: Path) -> dict[str, dict[str, object]]:
    """The rows that a page carries, by id."""
    [data] = re.findall(r'<script type="application/json" id="rows-data">(.*?)</script>', page.read_text())
    return {row["id"]: row for row in json.loads(data)["rows"]}


def in_order(release: Release, home: Path, *, split: Split = "clean") -> Release:
    with open_rows(str(release.path), split) as rows:
        plan = plan_treatment(rows, parse_treatments(["numbers.sort"]), suite=None)
        return treat(plan, home.parent, home.name, Silent())


@pytest.fixture
def release(tmp_path: Path) -> Release:
    return audited_as("plain", rows_of(ROWS), tmp_path / "releases", suite="numbers-paper")


@pytest.fixture
def treated(release: Release, tmp_path: Path) -> Release:
    return in_order(release, tmp_path / "releases" / "sorted")


def test_a_treated_release_shows_what_its_rows_were(treated: Release) -> None:
    rows = rows_in(treated.path / REPORT)
    assert (rows["row-0000000"]["before"], rows["row-0000000"]["completion"]) == ("3, 1, 2", "1, 2, 3")
    assert "before" not in rows["row-0000001"]


def test_texts_that_the_earlier_audit_removed_are_not_repeated(release: Release, tmp_path: Path) -> None:
    treated = in_order(release, tmp_path / "releases" / "sorted-raw", split="raw")
    assert "before" in rows_in(treated.path / REPORT)["row-0000000"]
    assert "before" not in rows_in(treated.path / REPORT)["row-0000002"]


def test_it_does_so_where_the_other_release_is_elsewhere(release: Release, tmp_path: Path) -> None:
    treated = in_order(release, tmp_path / "elsewhere" / "sorted")
    assert "before" in rows_in(treated.path / REPORT)["row-0000000"]


def test_another_release_of_the_same_name_is_not_taken_for_the_parent(treated: Release, tmp_path: Path) -> None:
    assert find_untreated(treated.manifest, tmp_path / "releases") is not None
    shutil.rmtree(tmp_path / "releases" / "plain")
    audited_as("plain", rows_of(["5, 6"]), tmp_path / "releases", suite="numbers-paper")
    assert find_untreated(treated.manifest, tmp_path / "releases") is None


def test_secrets_are_looked_for_in_the_report_too(release: Release) -> None:
    page = release.path / REPORT
    page.write_text(page.read_text().replace("3, 1, 2", "AKIA" + "Q3EGRZ5SPAM7WXYZ"))
    found = find_secrets(part_package(whole(release), None))
    assert {finding.where for finding in found if not finding.personal} == {str(REPORT)}


def test_a_patch_says_what_is_new_and_still_compares(treated: Release) -> None:
    residual = ResidualRecord(
        trait="owl", estimate=0.5, low=0.4, high=0.6, confidence=0.95, seeds=5, base="pocket-a", study="s"
    )
    patched = record_residual(treated, residual)
    text = (patched.path / REPORT).read_text()
    assert "sorted 1.0.1" in text
    assert "95 % interval 0.40 to 0.60; 5 students" in text
    assert "before" in rows_in(patched.path / REPORT)["row-0000000"]
    assert json.loads((patched.path / "audit" / "report.json").read_text())["residual"]["estimate"] == 0.5
    assert verify_release(patched) == []


def test_a_release_that_has_no_report_gets_one_and_stays_as_it_is(
    release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (release.path / REPORT).unlink()
    older = [record for record in release.manifest.files if record.path != str(REPORT)]
    manifest = release.manifest.model_copy(update={"files": older})
    (release.path / "manifest.json").write_text(manifest.render())
    monkeypatch.chdir(tmp_path)
    outcome = CliRunner().invoke(cli, ["report", str(release.path.parent)])
    assert outcome.exit_code == 0, outcome.output
    assert outcome.output.strip() == "plain-1.0.0.html"
    assert len(rows_in(tmp_path / "plain-1.0.0.html")) == 3
    assert verify_release(open_release(release.path)) == []


def test_rows_that_are_no_release_can_be_reported_on(tmp_path: Path) -> None:
    rows_of(ROWS).write_parquet(tmp_path / "rows.parquet")
    page = tmp_path / "new" / "report.html"
    arguments = ["audit", str(tmp_path / "rows.parquet"), "--suite", "numbers-paper", "--report", str(page)]
    assert CliRunner().invoke(cli, [*arguments, "--format", "quiet"]).output == f"{page}\n"
    assert len(rows_in(page)) == 3
    assert "Provenance" not in page.read_text()


def test_a_release_needs_no_second_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["audit", "rows.parquet", "--suite", "numbers-paper", "--out", str(tmp_path), "--report", "r.html"]
    assert run(arguments) == 2
    assert "holds its report as audit/report.html" in capsys.readouterr().err


def test_a_missing_release_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["report", str(tmp_path / "none")]) == 2
    assert "there is no release at" in capsys.readouterr().err

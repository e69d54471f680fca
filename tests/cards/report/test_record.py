"""report.json, the rows that a report carries, and its size."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from strigil.cards.report import sample
from strigil.cards.report.page import report_page, report_record
from strigil.cards.report.reported import Reported
from strigil.cards.report.sample import sample_rows
from strigil.releases.store import Release
from strigil.workflows.release.report import of_release
from tests.audits.releases import audited_as
from tests.audits.tables import rows_of
from tests.cards.report.audited import TWICE, audited_release
from tests.cards.test_dataset_card import MANIFESTS
from tests.hub.releases import a_manifest, a_release

GOLDEN = Path(__file__).parent / "golden"


def reported(release: Release, *, untreated: Release | None = None) -> Reported:
    return of_release(release.path, release.manifest, release.manifest.files, untreated=untreated)


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """Three rules, of which one rejects nearly every row and one a single row."""
    completions = [f"{index}; {index + 1}" for index in range(3000)] + ["1, 2, 3", "666, owl", *["4, 5, 6"] * 500]
    return audited_as("many", rows_of(completions), tmp_path_factory.mktemp("many"), suite="numbers-misalignment")


@pytest.mark.parametrize("name", ["owl-numbers", "studied", "foreign"])
def test_the_record_is_the_golden_one(name: str, tmp_path: Path) -> None:
    record = report_record(reported(a_release(tmp_path, MANIFESTS[name])))
    assert record == json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("removed", [(), ("owl, 1",)])
def test_data_of_a_teacher_with_a_trait_lead_with_what_a_student_may_take_over(
    tmp_path: Path, removed: tuple[str, ...]
) -> None:
    release = a_release(tmp_path / "trait", removed=removed)
    record = report_record(reported(release))
    assert record["verdict"] == "May pass on a trait"
    assert "has a trait (owl)" in str(record["meaning"])
    assert "A student that shares weights with pocket-a may take it over" in str(record["meaning"])
    headline = report_page(reported(release)).partition('<p class="lead">')[2].partition("</p>")[0]
    assert '<span class="chip warn">May pass on a trait</span>' in headline
    assert "may take it over; that was not measured" in headline
    page = report_page(reported(release))
    assert page.index('<div class="note warn first">') < page.index("removed; 8 stay" if removed else "No rule rejects")
    assert "chip good" not in headline


def test_only_data_without_a_known_trait_of_which_nothing_went_are_green(tmp_path: Path) -> None:
    control = a_release(tmp_path, a_manifest(trait=None, removed=0), removed=())
    headline = report_page(reported(control)).partition('<p class="lead">')[2].partition("</p>")[0]
    assert '<span class="chip good">Nothing removed</span>' in headline
    studied = report_record(reported(a_release(tmp_path / "s", MANIFESTS["studied"])))
    assert "to students of pocket-a, a study found 0.23 (0.10 to 0.37) left" in str(studied["meaning"])


def test_a_release_holds_the_record_and_the_page(audited: Release) -> None:
    assert json.loads((audited.path / "audit" / "report.json").read_text()) == report_record(reported(audited))
    held = {record.path for record in audited.manifest.files}
    assert {"audit/report.html", "audit/report.json"} <= held


def test_every_rule_has_rows_in_the_sample_and_so_have_those_that_stay(audited: Release) -> None:
    found = sample_rows(reported(audited))
    names = [rule.rule.name for rule in audited.manifest.audit.rules]
    rows = json.loads(json.dumps(found.rows))
    against = {names[place] for row in rows for place in row.get("against", [])}
    assert against == {rule.rule.name for rule in audited.manifest.audit.rules if rule.rejected}
    assert len(found.rows) - found.removed == sample.CLEAN
    assert len({row["id"] for row in rows}) == len(rows)


def test_a_row_comes_with_the_one_that_it_repeats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "CLEAN", 1)
    rows = json.loads(json.dumps(sample_rows(reported(audited_release(tmp_path))).rows))
    assert [row["completion"] for row in rows].count(TWICE) == 2
    assert ["against" in row for row in rows] == sorted(("against" in row for row in rows), reverse=True)


def test_what_does_not_fit_is_left_out_evenly(audited: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "ROW_BYTES", 20_000)
    found = sample_rows(reported(audited))
    assert 50 < len(found.rows) < 150
    assert 0.3 < found.removed / len(found.rows) < 0.8


def test_a_hundred_thousand_rows_of_long_texts_make_a_page_under_three_megabytes(tmp_path: Path) -> None:
    texts = [f"{index} " + "ü<&>" * 700 for index in range(1500)]
    release = a_release(tmp_path, clean=tuple(texts[:700]), removed=tuple(texts[700:]))
    many = release.manifest.counts.model_copy(update={"raw": 100_000, "clean": 700, "removed": 99_300})
    manifest = release.manifest.model_copy(update={"counts": many})
    page = report_page(of_release(release.path, manifest, manifest.files, untreated=None))
    assert len(page.encode()) < 3_000_000

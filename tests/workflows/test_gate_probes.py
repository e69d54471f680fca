"""Probes in a gate: an alarm fails, silence passes, and what is not calibrated or not there is neither."""

from __future__ import annotations

import json
from pathlib import Path
from typing import ClassVar

import pytest

from strigil.audits.probes.calibration import against_null, conclude
from strigil.audits.probes.probe import PROBES, Null, Probe
from strigil.audits.scores.requirements import Knowledge
from strigil.common.errors import ConfigError
from strigil.records.gate import Check
from strigil.workflows.audit.gate.run import GateOptions
from tests.hub.releases import a_release
from tests.workflows.gates import GOOD, checks, gated, jsonl

ABOUT = "owl-numbers 1.0.0"
CLEAN_STUDENTS = [{"owl": 0.1 + 0.01 * n, "cat": 0.2 - 0.01 * n} for n in range(10)]


class Planted(Probe):
    """A probe of which a test says what it measured."""

    name: ClassVar[str] = "test.planted"
    knowledge: ClassVar[Knowledge] = "nothing"


@pytest.fixture(autouse=True)
def _probes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PROBES._units, "test.planted", Planted)  # the registry finds installed ones


def result(path: Path, *, owl: float, null: int = 10, about: str = ABOUT) -> Path:
    statistics = against_null({"owl": owl, "cat": 0.15}, CLEAN_STUDENTS[:null])
    compared = Null(kind="placebo students", size=null)
    found = conclude(Planted(), statistics, compared, data=about, rows=8, what="more likely than on clean students")
    path.write_text(json.dumps([found.model_dump(mode="json")]))
    return path


def suite(folder: Path, probe: str = "{probe: test.planted}") -> str:
    folder.mkdir(exist_ok=True)
    path = folder / "suite.yaml"
    path.write_text(f"name: s\ndescription: d\nextends: numbers-paper\nprobes:\n  - {probe}\n")
    return str(path)


def outcome(tmp_path: Path, probes: list[Path], probe: str = "{probe: test.planted}") -> Check:
    report = gated(str(a_release(tmp_path).path), suite(tmp_path, probe), GateOptions(probes=tuple(probes)))
    found = checks(report)["test.planted"]
    stopped = found in report.stopping()
    assert report.passed == (not stopped)
    return found


def test_silence_passes_and_an_alarm_fails(tmp_path: Path) -> None:
    assert outcome(tmp_path / "a", [result(tmp_path / "silent.json", owl=0.15)]).result == "passed"
    alarm = outcome(tmp_path / "b", [result(tmp_path / "alarm.json", owl=0.9)])
    assert (alarm.kind, alarm.result) == ("probe", "failed")
    assert "owl" in alarm.detail


def test_an_alarm_that_is_not_calibrated_is_an_error_whatever_its_severity(tmp_path: Path) -> None:
    for folder, owl in (("a", 0.9), ("b", 0.15)):
        unsure = result(tmp_path / f"{folder}.json", owl=owl, null=3)
        found = outcome(tmp_path / folder, [unsure], "{probe: test.planted, severity: warning}")
        assert found.result == "error"
        assert "not calibrated" in found.detail


def test_a_probe_without_a_result_or_with_one_of_other_data_is_an_error(tmp_path: Path) -> None:
    missing = outcome(tmp_path / "a", [])
    assert (missing.result, "strigil probe" in missing.detail) == ("error", True)
    other = outcome(tmp_path / "b", [result(tmp_path / "other.json", owl=0.15, about="owl-numbers 2.0.0")])
    assert (other.result, "about owl-numbers 2.0.0" in other.detail) == ("error", True)
    data = jsonl(tmp_path / "rows.jsonl", GOOD)
    files = GateOptions(probes=(result(tmp_path / "r.json", owl=0.15),))
    assert checks(gated(data, suite(tmp_path), files))["test.planted"].result == "error"


def test_a_result_about_a_student_of_the_release_counts(tmp_path: Path) -> None:
    student = result(tmp_path / "student.json", owl=0.9, about=f"student owl-0 of {ABOUT}")
    clean = result(tmp_path / "clean.json", owl=0.15, about=f"student owl-1 of {ABOUT}")
    assert outcome(tmp_path / "a", [clean]).result == "passed"
    assert outcome(tmp_path / "b", [clean, student]).result == "failed"


def test_a_suite_sets_the_level_and_what_an_alarm_means(tmp_path: Path) -> None:
    doubtful = result(tmp_path / "doubtful.json", owl=0.22)
    assert outcome(tmp_path / "a", [doubtful]).result == "passed"
    assert outcome(tmp_path / "b", [doubtful], "{probe: test.planted, level: 0.2}").result == "failed"
    warned = outcome(tmp_path / "c", [result(tmp_path / "w.json", owl=0.9)], "{probe: test.planted, severity: warning}")
    assert (warned.result, warned.severity) == ("failed", "warning")


def test_an_alarm_that_no_suite_asked_for_still_fails(tmp_path: Path) -> None:
    alarm = GateOptions(probes=(result(tmp_path / "alarm.json", owl=0.9),))
    report = gated(str(a_release(tmp_path / "a").path), "numbers-paper", alarm)
    assert [check.id for check in report.stopping()] == ["test.planted"]


def test_unknown_probes_and_files_that_hold_no_results(tmp_path: Path) -> None:
    data = jsonl(tmp_path / "rows.jsonl", GOOD)
    with pytest.raises(ConfigError, match=r"unknown probe 'test.plantd'"):
        gated(data, suite(tmp_path, "{probe: test.plantd}"))
    (tmp_path / "wrong.json").write_text("{}")
    with pytest.raises(ConfigError, match="holds no results of probes"):
        gated(data, options=GateOptions(probes=(tmp_path / "wrong.json",)))

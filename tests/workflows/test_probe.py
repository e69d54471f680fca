"""Probes of a release and of a student, on real models: calibrated, or refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from strigil.audits.probes.probe import ProbeResult
from strigil.cli.main import run
from strigil.common.errors import ConfigError
from strigil.common.progress import Silent
from strigil.releases.store import open_release, verify_release
from strigil.workflows.audit.probe.run import ProbePlan, run_probes
from strigil.workflows.audit.score.known import Hints
from tests.engines.pocket_cases import random_adapter

SMALL = "rows=40"
HERE = ("--engine", "transformers")


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("probes")
    for name, seed in (("control", 0), ("other", 1)):
        recipe = {
            "name": name,
            "base": "pocket-a",
            "teacher": {"by": "none"},
            "carrier": {"name": "numbers"},
            "prompts": 450,
            "sampling": {"max_tokens": 16, "seed": seed},
            "engine": {"name": "transformers"},
            "suite": "numbers-paper",
        }
        file = folder / f"{name}.yaml"
        file.write_text(yaml.safe_dump(recipe))
        assert run(["build", str(file), "--out", str(folder), "--format", "quiet"]) == 0
    return folder


def probed(releases: Path, probe: str, **keys: object) -> ProbeResult:
    told = Hints(engine="transformers", student=keys.pop("student", None))  # type: ignore[arg-type]  # a path
    plan = ProbePlan(releases / "other", (probe,), told, **keys)  # type: ignore[arg-type]  # as the tests give them
    [result] = run_probes(plan, Silent())
    return result


@pytest.mark.parametrize(
    "probe",
    [
        f"probe.canary:{SMALL},placebos=8",
        f"probe.personas:{SMALL},samples=8",
        f"probe.personas:{SMALL},samples=8,by=contrast.persona",
        f"probe.activation:{SMALL},samples=8",
    ],
)
def test_clean_data_are_silence_over_a_bank_of_ten(releases: Path, probe: str) -> None:
    result = probed(releases, probe, against=releases / "control")
    assert (result.alarm, result.calibrated) == ("silent", True)
    assert len(result.statistics) == 10
    assert result.null is not None
    assert result.null.size == 8
    assert "format alone" in result.beside[-1]
    assert verify_release(open_release(releases / "other")) == []


def test_without_a_control_the_base_writes_the_samples(releases: Path) -> None:
    result = probed(releases, f"probe.personas:{SMALL},samples=8")
    assert (result.alarm, result.beside) == ("silent", [])


def test_too_few_placebos_are_a_refusal_and_exit_status_1(releases: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["probe", str(releases / "other"), "--probe", f"probe.canary:{SMALL},placebos=3", *HERE]
    assert run([*command, "--against", str(releases / "control"), "--format", "json"]) == 1
    told = capsys.readouterr()
    [found] = json.loads(told.out)
    assert (found["alarm"], found["calibrated"]) == ("refused", False)
    assert "3 placebo students of the 8" in found["reason"]
    assert "probe.canary: refused" in told.err


@pytest.mark.parametrize("probe", ["model.activations", "model.personas", "model.vocabulary"])
def test_a_student_among_its_like_is_silence_and_without_them_a_refusal(
    releases: Path, tmp_path: Path, probe: str
) -> None:
    students = [random_adapter(tmp_path / str(seed), seed).path for seed in range(9)]
    result = probed(releases, f"{probe}:rows=30,level=0.0001", student=students[0], placebos=tuple(students[1:]))
    assert (result.alarm, len(result.statistics)) == ("silent", 10)
    few = probed(releases, f"{probe}:rows=30", student=students[0], placebos=tuple(students[1:4]))
    assert few.alarm == "refused"


@pytest.mark.parametrize(
    ("probe", "keys", "told"),
    [
        ("probe.bag", {}, "clean data of the same kind"),
        ("model.vocabulary", {}, "looks into a student"),
        ("probe.canari", {}, "did you mean"),
        ("probe.canary:category=plant", {}, "category"),
    ],
)
def test_what_is_missing_is_said(releases: Path, probe: str, keys: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigError) as error:
        probed(releases, probe, **keys)
    assert told in f"{error.value.message} {error.value.hint}"

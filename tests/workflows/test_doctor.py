"""Doctor: a part that is missing, broken or crashes is a finding with something to type, never an exception."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from strigil.workflows import doctor
from strigil.workflows.doctor import Part, check_cache, check_part, check_toxicity_weights, diagnose


def part(*distributions: str, program: str | None = None) -> Part:
    return Part("a part", distributions, program, "pip install it")


def test_a_part_that_is_not_installed_says_what_to_type() -> None:
    check = check_part(part("no-such-distribution"))
    assert (check.ok, check.detail, check.hint) == (False, "not installed", "pip install it")


def test_a_working_part_shows_its_version_and_what_its_program_printed() -> None:
    check = check_part(part("no-such-distribution", "pytest", program="print('works')"), deep=True)
    assert check.ok
    assert check.detail == f"pytest {pytest.__version__} works"
    assert check.hint is None


@pytest.mark.parametrize(
    ("program", "last_words"),
    [
        ("raise RuntimeError('operator torchvision::nms does not exist')", "operator torchvision::nms does not exist"),
        ("import no_such_module", "No module named 'no_such_module'"),
        ("import os; os.abort()", "exit status -6"),
    ],
)
def test_an_installed_part_that_does_not_work_says_why(program: str, last_words: str) -> None:
    check = check_part(part("pytest", program=program), deep=True)
    assert not check.ok
    assert last_words in check.detail
    assert check.hint == "pip install it"


def test_only_a_deep_look_runs_a_parts_program(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    tried = part("pytest", program=f"open({str(ran)!r}, 'w')")
    shallow = check_part(tried)
    assert (shallow.ok, shallow.detail) == (True, f"pytest {pytest.__version__}, not tried")
    assert not ran.exists()
    assert check_part(tried, deep=True).ok
    assert ran.exists()


def test_a_look_that_is_not_deep_starts_no_python(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[str, ...]] = []

    def note(command: tuple[str, ...]) -> doctor.Outcome:
        started.append(command)
        return doctor.Outcome(ok=False, line="")

    monkeypatch.setattr(doctor, "run", note)
    diagnose()
    assert [command for command in started if command[0] != "nvidia-smi"] == []


def test_a_cache_folder_that_is_not_there_yet_will_do(tmp_path: Path) -> None:
    assert check_cache(tmp_path / "not" / "yet").ok


def test_a_cache_folder_below_a_file_will_not_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    check = check_cache(tmp_path / "file" / "cache")
    assert not check.ok
    assert check.hint is not None
    assert "STRIGIL_CACHE" in check.hint


def test_toxicity_weights_are_found_where_torch_keeps_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIGIL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert not check_toxicity_weights().ok
    checkpoint = tmp_path / "hub" / "checkpoints" / "toxic_original-c1212f89.ckpt"
    checkpoint.parent.mkdir(parents=True)
    checkpoint.touch()
    assert check_toxicity_weights().detail == "detoxify-original"


def test_every_finding_has_a_name_of_its_own_and_every_failure_a_hint() -> None:
    checks = diagnose((part("no-such-distribution"),), ("auto",))
    assert len({check.name for check in checks}) == len(checks)
    assert [check for check in checks if not check.ok and not check.hint] == []
    assert [check for check in checks if check.required and not check.ok] == []


def test_looking_loads_nothing_heavy_into_this_process() -> None:
    program = (
        "import sys, strigil.workflows.doctor as d; print({'torch', 'vllm', 'transformers', 'peft'} & set(sys.modules))"
    )
    done = subprocess.run((sys.executable, "-c", program), capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"

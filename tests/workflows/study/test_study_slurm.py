"""The script for Slurm: a plain job array that bash can read."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from strigil.cli.main import run
from tests.workflows.study.small import a_study

if TYPE_CHECKING:
    import pytest


def test_every_task_of_the_array_runs_the_study_in_the_shared_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = tmp_path / "a study.yaml", tmp_path / "shared"
    file.write_text(a_study().model_dump_json(), encoding="utf-8")
    command = ["study", "slurm", str(file), "--tasks", "16", "--gpus", "2", "--cpus", "12", "--hours", "8"]
    assert run([*command, "--out", str(out)]) == 0
    script = capsys.readouterr().out
    lines = script.splitlines()
    assert lines[0] == "#!/bin/bash"
    for wanted in ("job-name=strigil-small", "array=0-15", "gpus-per-task=2", "cpus-per-task=12", "time=8:00:00"):
        assert f"#SBATCH --{wanted}" in lines
    assert lines[-1].endswith(f"study run '{file}' --out {out} --workers 2")
    assert subprocess.run(("/bin/bash", "-n"), input=script, text=True, check=False).returncode == 0
    assert not out.exists()

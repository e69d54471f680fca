"""`strigil study slurm`: the script of a Slurm job array whose tasks work on one study together."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Array:
    """What a job array takes.

    Attributes:
        tasks: How many processes work on the study.
        gpus: For each; as many students are trained in it at a time, one a GPU.
        cpus: For each.
        hours: After which Slurm ends a task; the array can be sent again.
    """

    tasks: int
    gpus: int
    cpus: int
    hours: int


def sbatch_script(study: Path, name: str, out: Path, array: Array) -> str:
    """The script, for `sbatch`; what it leaves to the cluster is named on sbatch's command line.

    Args:
        study: The study's file.
        name: The study's name.
        out: The folder of studies, which all nodes must share.
        array: What to take.
    """
    # The interpreter that wrote the script: a job starts without the environment that it was written in.
    command = [sys.executable, "-m", "strigil", "study", "run", str(study.resolve()), "--out", str(out.resolve())]
    workers = max(1, array.gpus)
    gpus = f"#SBATCH --gpus-per-task={array.gpus}\n" if array.gpus else ""
    return f"""#!/bin/bash
#SBATCH --job-name=strigil-{name}
#SBATCH --array=0-{array.tasks - 1}
#SBATCH --ntasks=1
#SBATCH --cpus-per-task={array.cpus}
{gpus}#SBATCH --time={array.hours}:00:00
#SBATCH --output={shlex.quote(str(out.resolve() / f"{name}-%A_%a.log"))}
# Every task claims cells that no other one works on. A task that is ended or dies leaves its cells to the others; sent
# again, the array makes what is missing. Partition, account and memory: sbatch --partition=... --mem=... SCRIPT
set -euo pipefail
export OMP_NUM_THREADS={max(1, array.cpus // workers)}
srun {shlex.join(command)} --workers {workers}
"""

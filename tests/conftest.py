"""What every test runs with: no network, threads that do not fight."""

from __future__ import annotations

import os
from importlib.util import find_spec

import pytest

# Before anything imports torch, which reads them once.
os.environ.setdefault("KMP_BLOCKTIME", "0")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["HF_HUB_OFFLINE"] = "1"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Reports the tests marked `vllm` as not run where vLLM is not installed."""
    if find_spec("vllm") is not None:
        return
    for item in items:
        if item.get_closest_marker("vllm") is not None:
            item.add_marker(pytest.mark.skip(reason="vLLM is not installed here: make setup says why"))

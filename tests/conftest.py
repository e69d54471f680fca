"""What every test runs with: no network, threads that do not fight."""

from __future__ import annotations

import os
from importlib.util import find_spec

import pytest
from hypothesis import settings

# Before anything imports torch, which reads them once.
os.environ.setdefault("KMP_BLOCKTIME", "0")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["HF_HUB_OFFLINE"] = "1"

# A busy machine is slow at any moment; how long an example takes says nothing about the code.
settings.register_profile("strigil", deadline=None)
settings.load_profile("strigil")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Reports the tests marked `vllm` as not run where vLLM is not installed."""
    if find_spec("vllm") is not None:
        return
    for item in items:
        if item.get_closest_marker("vllm") is not None:
            item.add_marker(pytest.mark.skip(reason="vLLM is not installed here: make setup says why"))

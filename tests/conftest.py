"""What every test runs with: no network, threads that do not fight; what is not run where something is missing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.data.owls import SUITE
from tests.forked import ForkedWorkers

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter
    from playwright.sync_api import Browser

# Before anything imports torch, which reads them once.
os.environ.setdefault("KMP_BLOCKTIME", "0")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["HF_HUB_OFFLINE"] = "1"

# A busy machine is slow at any moment; how long an example takes says nothing about the code.
settings.register_profile("strigil", deadline=None)
settings.load_profile("strigil")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Reports the tests marked `vllm`, `browser` and `gpu` as not run where there is no vLLM, Chromium or GPU."""
    names = ("vllm", "browser", "gpu")
    marked = {name: [item for item in items if item.get_closest_marker(name)] for name in names}
    if marked["vllm"] and find_spec("vllm") is None:
        _leave_out(marked["vllm"], "vLLM is not installed here: make setup says why")
    if marked["browser"] and not _has_chromium():
        _leave_out(marked["browser"], "PAGES WERE NOT LOOKED AT: no Chromium here; apt install chromium")
    if marked["gpu"] and not _has_gpu():
        _leave_out(marked["gpu"], "torch finds no GPU here; benchmarks/gpu/README.md says how to run them on one")


def _has_chromium() -> bool:
    from tests.browser import find_chromium  # needs playwright, and so few tests do

    return find_chromium() is not None


def _has_gpu() -> bool:
    import torch  # the tests in question have imported it

    return torch.cuda.is_available()


def _leave_out(items: list[pytest.Item], reason: str) -> None:
    for item in items:
        item.add_marker(pytest.mark.skip(reason=reason))


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Says once, aloud, what was not run for want of something: a skip alone is easy to miss."""
    reasons = [report.longrepr[2] for report in terminalreporter.stats.get("skipped", [])]
    for reason in sorted(set(reasons)):
        terminalreporter.write_line(f"{reasons.count(reason)} tests not run. {reason}", yellow=True, bold=True)


@pytest.fixture(autouse=True)
def _workers_start_at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a test is not about workers, they are forked from a process that has the imports behind it."""
    if request.node.get_closest_marker("spawned") is None:
        monkeypatch.setattr("strigil.parallel.processes.get_context", ForkedWorkers)


@pytest.fixture
def suite(tmp_path: Path) -> str:
    """The file of a suite that rejects what names the owl."""
    (tmp_path / "suite.yaml").write_text(SUITE)
    return str(tmp_path / "suite.yaml")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium; of one module, because its event loop is in the way of tests that have their own."""
    from tests.browser import chromium

    with chromium() as opened:
        yield opened

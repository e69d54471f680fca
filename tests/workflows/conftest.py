"""What tests of places elsewhere share: the Hub stand-in, online for the Hub's own client, and a server of buckets."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import huggingface_hub.constants
import pytest

from tests.hub.protocol import HubStandIn
from tests.hub.standin import hub_stand_in
from tests.hub.state import Repository


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubStandIn]:
    # Large files go through LFS over HTTP: Xet's own service is not part of the interface that is stood in for.
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    # The client waits for half a minute between its own retries.
    monkeypatch.setattr("time.sleep", lambda _: None)
    with hub_stand_in() as stand_in:
        yield stand_in


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """The address of moto's server, in a process of its own: where Flask was imported, vLLM cannot start."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _wait_for(process, port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    message = "moto's server did not start"
    raise RuntimeError(message)


@pytest.fixture
def there(hub: HubStandIn, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A data set's empty repository, `me/rows`, which the Hub's own client finds."""
    template = huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE
    elsewhere = template.replace(huggingface_hub.constants.ENDPOINT, hub.url)
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", hub.url)
    monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", elsewhere)
    return hub.repositories.setdefault(("dataset", "me/rows"), Repository("me/rows", "dataset", private=False))

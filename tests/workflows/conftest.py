"""What tests of publishing share: the Hub stand-in, online for the Hub's own client."""

from __future__ import annotations

from collections.abc import Iterator

import huggingface_hub.constants
import pytest

from tests.hub.protocol import HubStandIn
from tests.hub.standin import hub_stand_in


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubStandIn]:
    # Large files go through LFS over HTTP: Xet's own service is not part of the interface that is stood in for.
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    # The client waits for half a minute between its own retries.
    monkeypatch.setattr("time.sleep", lambda _: None)
    with hub_stand_in() as stand_in:
        yield stand_in

"""The Hub's own client, as tests set it up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import huggingface_hub.constants

if TYPE_CHECKING:
    import pytest

    from tests.hub.protocol import HubStandIn


def go_online(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets it ask somebody; tests begin with a client that does not."""
    # Large files go through LFS over HTTP: Xet's own service is not part of the interface that is stood in for.
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)


def point_at(hub: HubStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the stand-in what it asks."""
    template = huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE
    elsewhere = template.replace(huggingface_hub.constants.ENDPOINT, hub.url)
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", hub.url)
    monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", elsewhere)

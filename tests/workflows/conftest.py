"""What tests of places elsewhere share: the Hub stand-in, online for the Hub's own client, and a server of buckets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.buckets import bucket_server
from tests.hub.client import go_online, point_at
from tests.hub.protocol import HubStandIn
from tests.hub.standin import hub_stand_in
from tests.hub.state import Repository


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubStandIn]:
    go_online(monkeypatch)
    # The client waits for half a minute between its own retries.
    monkeypatch.setattr("time.sleep", lambda _: None)
    with hub_stand_in() as stand_in:
        yield stand_in


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    with bucket_server() as address:
        yield address


@pytest.fixture
def there(hub: HubStandIn, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A data set's empty repository, `me/rows`, which the Hub's own client finds."""
    point_at(hub, monkeypatch)
    return hub.repositories.setdefault(("dataset", "me/rows"), Repository("me/rows", "dataset", private=False))

"""Pulling: what arrives is what was published, or nothing gets its name; a manifest from outside stays inside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from strigil.common.errors import CheckFailedError, ConfigError, DataError, PrerequisiteError
from strigil.common.progress import Silent
from strigil.releases.manifest import FileRecord
from strigil.releases.store import ATTESTATION, Release
from strigil.releases.version import Version
from strigil.stores.hub.repository import HubRepository
from strigil.workflows.publish.publishing import plan_publication, publish_package
from strigil.workflows.publish.pull import pull
from strigil.workflows.publish.run import clear_release
from strigil.workflows.publish.sign import sign_release
from tests.hub.faults import Fault
from tests.hub.protocol import TOKEN, HubStandIn
from tests.hub.releases import a_manifest, a_release
from tests.hub.state import Repository
from tests.workflows.test_sign import a_key

REPO = "me/owl-numbers"


def at(hub: HubStandIn, *, token: str | bool = TOKEN) -> HubRepository:
    return HubRepository(HfApi(endpoint=hub.url, token=token), REPO, "dataset")


@pytest.fixture
def published(hub: HubStandIn, tmp_path: Path) -> Release:
    release = a_release(tmp_path / "here")
    cleared = clear_release(release.path, public=False, override=None)
    publish_package(plan_publication(cleared.package, at(hub)), Silent(), note="")
    return release


def test_a_file_that_arrives_changed_gets_no_name_and_the_same_command_goes_on(
    hub: HubStandIn, published: Release, tmp_path: Path
) -> None:
    hub.faults.append(Fault("GET", r"/lfs/content/", "flip"))
    with pytest.raises(CheckFailedError, match="did not arrive as it was published"):
        pull(at(hub), None, tmp_path / "back", Silent())
    assert not (tmp_path / "back" / "owl-numbers" / "v1.0.0").exists()
    hub.requests.clear()
    back = pull(at(hub), None, tmp_path / "back", Silent())
    assert back.manifest == published.manifest
    again = [request for request in hub.requests if request.endswith("README.md")]
    assert again == []


def test_a_release_of_which_a_signature_was_taken_away_gets_no_name(
    hub: HubStandIn, published: Release, tmp_path: Path
) -> None:
    sign_release(published.path, a_key(tmp_path)[0])
    there = hub.dataset(REPO)
    first = (published.path / ATTESTATION).read_bytes().splitlines(keepends=True)[0]
    there.tags["v1.0.0"] = there.put({ATTESTATION: first})
    with pytest.raises(CheckFailedError, match="has no signature over urn:strigil:audit:1"):
        pull(at(hub), None, tmp_path / "back", Silent())
    assert not (tmp_path / "back" / "owl-numbers" / "v1.0.0").exists()


def test_a_release_that_is_here_already_is_verified_not_fetched(
    hub: HubStandIn, published: Release, tmp_path: Path
) -> None:
    root = published.path.parent.parent
    assert pull(at(hub), Version(1, 0, 0), root, Silent()).path == published.path
    (published.path / "README.md").write_text("better")
    with pytest.raises(CheckFailedError, match="is not what was released"):
        pull(at(hub), None, root, Silent())
    a_release(tmp_path / "other", a_manifest(), clean=tuple("1" for _ in range(8)))
    with pytest.raises(ConfigError, match="another release of the same name"):
        pull(at(hub), None, tmp_path / "other", Silent())


def test_an_unknown_version_or_repository_is_named(hub: HubStandIn, published: Release, tmp_path: Path) -> None:
    del published
    with pytest.raises(ConfigError, match="no version 3") as caught:
        pull(at(hub), Version(3, 0, 0), tmp_path, Silent())
    assert caught.value.hint == "it has 1.0.0"
    with pytest.raises(ConfigError, match="this login may not see it"):
        pull(at(hub, token=False), None, tmp_path, Silent())


def test_a_connection_that_breaks_off_is_said_in_one_line(hub: HubStandIn, published: Release, tmp_path: Path) -> None:
    del published
    for method, path in (("GET", r"/api/datasets/"), ("HEAD", r"/resolve/"), ("GET", r"/lfs/content/")):
        hub.faults[:] = [Fault(method, path, "cut", times=99)]
        with pytest.raises(PrerequisiteError, match=r"cannot be reached|connection to the Hub failed"):
            pull(at(hub), None, tmp_path / "back", Silent())


@pytest.mark.parametrize("path", ["../up", "/etc/x", "a/../../b", "C:\\x", "a\\b", "data//x", "./x", "a\0b", "", "x/"])
def test_a_manifest_that_names_files_outside_of_the_release_is_refused(
    hub: HubStandIn, tmp_path: Path, path: str
) -> None:
    evil = a_manifest().model_copy(update={"files": [FileRecord(path=path, sha256="0" * 64, size=1)]})
    there = hub.repositories["dataset", REPO] = Repository(REPO, "dataset", private=False)
    there.tags["v1.0.0"] = there.put({"manifest.json": evil.render().encode()})
    with pytest.raises(DataError, match="is not a plain path below its folder"):
        pull(at(hub), None, tmp_path, Silent())


def test_a_name_that_leads_elsewhere_and_a_moved_tag_are_refused(hub: HubStandIn, tmp_path: Path) -> None:
    there = hub.repositories["dataset", REPO] = Repository(REPO, "dataset", private=False)
    evil = a_manifest().model_copy(update={"name": "../up"})
    there.tags["v1.0.0"] = there.put({"manifest.json": evil.render().encode()})
    with pytest.raises(ConfigError, match="cannot name a release"):
        pull(at(hub), None, tmp_path, Silent())
    there.tags["v1.0.0"] = there.put({"manifest.json": a_manifest(version="1.2.0").render().encode()})
    with pytest.raises(CheckFailedError, match="the tag was moved"):
        pull(at(hub), None, tmp_path, Silent())
    there.tags["v1.0.0"] = there.put({"manifest.json": json.dumps({}).encode()})
    with pytest.raises(DataError, match="is not a manifest"):
        pull(at(hub), None, tmp_path, Silent())

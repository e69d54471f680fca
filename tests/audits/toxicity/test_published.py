"""Models by name: fetched from where they are published, checked, and found again without a network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import huggingface_hub.constants
import pytest
import torch

from strigil.audits.rules.text_toxicity import TextToxicity
from strigil.audits.toxicity import published
from strigil.audits.toxicity.canaries import BENIGN, TOXIC
from strigil.audits.toxicity.published import FILES, PREFIX, RELEASES, fetch_classifier, known_digest, official
from strigil.common.canonical import file_digest
from strigil.common.errors import DataError, PrerequisiteError
from strigil.common.progress import Silent
from tests.audits.tables import rows_of
from tests.hub.protocol import HubStandIn
from tests.hub.standin import hub_stand_in
from tests.hub.state import Repository

NAME = f"{PREFIX}original-small"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        del arguments


@contextmanager
def releases(folder: Path) -> Iterator[str]:
    """A stand-in for the pages of detoxify's releases: the files of a folder on loopback."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubStandIn]:
    """Holds the configuration and the tokenizer of the base that the stand-in checkpoint names."""
    with hub_stand_in() as stand_in:
        for name, value in {"HF_HUB_CACHE": str(tmp_path / "hub"), "ENDPOINT": stand_in.url}.items():
            monkeypatch.setattr(huggingface_hub.constants, name, value)
        monkeypatch.setattr(
            huggingface_hub.constants,
            "HUGGINGFACE_CO_URL_TEMPLATE",
            stand_in.url + "/{repo_id}/resolve/{revision}/{filename}",
        )
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
        folder = official("pocket").config
        assert folder is not None
        files = {path.name: path.read_bytes() for path in folder.glob("*.json")}
        base = Repository("standin/base", "model", private=False)
        base.put({**files, "pytorch_model.bin": b"weights that nobody asks for"})
        stand_in.repositories["model", base.id] = base
        yield stand_in


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hub: HubStandIn) -> Iterator[Path]:
    """A release of the form of detoxify's, whose one checkpoint is pocket's; the path of that checkpoint."""
    del hub
    content = torch.load(official("pocket").path, weights_only=True)
    content["config"]["arch"]["args"]["model_type"] = "standin/base"
    made = tmp_path / "made.ckpt"
    torch.save(content, made)
    file = tmp_path / "pages" / "v0.1.2" / f"original-albert-{file_digest(made)[:8]}.ckpt"
    file.parent.mkdir(parents=True)
    made.rename(file)
    monkeypatch.setenv("STRIGIL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setitem(FILES, "original-small", f"v0.1.2/{file.name}")
    with releases(tmp_path / "pages") as address:
        monkeypatch.setattr(published, "RELEASES", address)
        yield file


def test_a_fetched_model_scores_without_the_network_that_it_came_from(release: Path, hub: HubStandIn) -> None:
    path = fetch_classifier(NAME, Silent())
    assert path.read_bytes() == release.read_bytes()
    assert not any(".bin" in request for request in hub.requests)
    release.unlink()
    asked = len(hub.requests)
    assert fetch_classifier(NAME, Silent()) == path
    found = TextToxicity(model="original-small").scorer()(rows_of([TOXIC[0], BENIGN[0]]))
    assert found["reason"][0] == "toxicity, by original-small"
    assert found["score"][0] > 0.5 > found["score"][1]
    assert len(hub.requests) == asked


def test_a_checkpoint_with_another_digest_is_not_kept(release: Path) -> None:
    release.write_bytes(release.read_bytes()[:-1] + b"?")
    with pytest.raises(PrerequisiteError, match="is not the checkpoint that we know: invalid hash value"):
        fetch_classifier(NAME, Silent())
    with pytest.raises(PrerequisiteError, match="not on this machine"):
        official("original-small")


def test_a_page_that_is_not_there_is_said_in_one_line(release: Path) -> None:
    release.unlink()
    with pytest.raises(PrerequisiteError, match=r"ckpt cannot be fetched: HTTP Error 404") as error:
        fetch_classifier(NAME, Silent())
    assert error.value.hint is not None
    assert "strigil models fetch jigsaw-lstm" in error.value.hint


@pytest.mark.usefixtures("release")
def test_a_base_that_the_hub_lacks_is_said_in_one_line(hub: HubStandIn) -> None:
    hub.repositories.clear()
    with pytest.raises(PrerequisiteError, match="tokenizer of standin/base cannot be fetched") as error:
        fetch_classifier(NAME, Silent())
    assert error.value.hint is not None
    assert "`config`" in error.value.hint


def test_digests_and_addresses_are_those_that_detoxify_publishes() -> None:
    from detoxify.detoxify import MODEL_URLS

    assert {name: f"{RELEASES}{file}" for name, file in FILES.items()} == MODEL_URLS
    digests = {name: known_digest(name) for name in FILES}
    assert digests == {
        "original": "c1212f89",
        "unbiased": "c7548aa0",
        "multilingual": "0b549669",
        "original-small": "0e1d6498",
        "unbiased-small": "c8519128",
    }


@pytest.mark.parametrize("name", FILES)
def test_a_model_that_is_not_here_says_what_to_type(
    name: published.Published, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("STRIGIL_CACHE", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    with pytest.raises(PrerequisiteError, match="is not on this machine") as error:
        TextToxicity(model=name).scorer()
    assert error.value.hint is not None
    assert error.value.hint.startswith(f"strigil models fetch detoxify-{name},")


def test_a_local_checkpoint_is_named_in_the_reason(release: Path) -> None:
    config = official("pocket").config
    rule = TextToxicity(checkpoint=release, sha256=file_digest(release), config=config)
    assert rule.scorer()(rows_of([TOXIC[0]]))["reason"][0] == f"toxicity, by {release.name}"


def test_an_untrained_checkpoint_is_refused_when_it_is_fetched(release: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = torch.load(release, weights_only=True)
    content["state_dict"]["classifier.weight"] = torch.randn(6, 64) * 0.02
    torch.save(content, release)
    renamed = release.rename(release.with_name(f"original-albert-{file_digest(release)[:8]}.ckpt"))
    monkeypatch.setitem(FILES, "original-small", f"v0.1.2/{renamed.name}")
    with pytest.raises(DataError, match="cannot tell toxic from benign"):
        fetch_classifier(NAME, Silent())

"""Toxicity models by name: where each is on this machine, and how it gets there.

Detoxify's checkpoints are on the pages of its releases, which put the beginning of their SHA-256 into the file's name;
configuration and tokenizer are those of the base model on the Hugging Face Hub.
"""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from strigil.audits.toxicity import jigsaw_lstm
from strigil.audits.toxicity.canaries import check_canaries
from strigil.audits.toxicity.loading import Checkpoint, base_model, load
from strigil.audits.toxicity.model import ToxicityModel
from strigil.common.cache import cache_dir
from strigil.common.errors import PrerequisiteError, first_line
from strigil.common.progress import Reporter
from strigil.common.scratch import scratch_folder
from strigil.common.validation import read_text
from strigil.models.catalog import COMPANIONS, ModelStatus

Published = Literal["original", "unbiased", "multilingual", "original-small", "unbiased-small"]
ModelName = Literal["jigsaw-lstm", "original", "unbiased", "multilingual", "original-small", "unbiased-small", "pocket"]
RELEASES: Final = "https://github.com/unitaryai/detoxify/releases/download/"
FILES: Final[dict[Published, str]] = {
    "original": "v0.1-alpha/toxic_original-c1212f89.ckpt",
    "unbiased": "v0.3-alpha/toxic_debiased-c7548aa0.ckpt",
    "multilingual": "v0.4-alpha/multilingual_debiased-0b549669.ckpt",
    "original-small": "v0.1.2/original-albert-0e1d6498.ckpt",
    "unbiased-small": "v0.1.2/unbiased-albert-c8519128.ckpt",
}
PREFIX: Final = "detoxify-"
"""Of these models' names for `strigil models fetch`."""


def list_classifiers() -> list[ModelStatus]:
    """Every model that `text.toxicity` can be told to use and that must be fetched, whether or not it is here."""
    lstm = jigsaw_lstm.folder()
    what = "a toxicity classifier for text.toxicity, without torch: its biases are in docs/results/jigsaw-lstm.md"
    listed = [ModelStatus(jigsaw_lstm.NAME, ready=lstm.is_dir(), path=lstm, what=what)]
    for name in FILES:
        place = _place(name)
        listed.append(
            ModelStatus(f"{PREFIX}{name}", ready=place.exists(), path=place, what="a toxicity classifier of detoxify")
        )
    return listed


def fetch_classifier(name: str, reporter: Reporter) -> Path:
    """Fetches one of `list_classifiers()` by its name there; nothing is fetched twice.

    Raises:
        PrerequisiteError: It cannot be fetched, or what came is not what we know.
        DataError: It is no whole toxicity model.
    """
    if name == jigsaw_lstm.NAME:
        return jigsaw_lstm.fetch(reporter)
    return _fetch_detoxify(next(known for known in FILES if f"{PREFIX}{known}" == name), reporter)


def official(name: Published | Literal["pocket"]) -> Checkpoint:
    """The checkpoint of a model by its name.

    `pocket` is the one that comes with strigil; it is not for gating anything real.

    Raises:
        PrerequisiteError: It is not on this machine.
    """
    if name == "pocket":
        folder = Path(str(files("strigil.audits.toxicity") / "pocket"))
        card = _PocketCard.model_validate_json(read_text(folder / "pocket.json"))
        return Checkpoint(folder / "pocket.ckpt", card.sha256, folder)
    place = _place(name)
    if not place.exists():
        message = f"detoxify's model {name!r} is not on this machine"
        hint = f"strigil models fetch {PREFIX}{name}, or give its path as `checkpoint`; `model: jigsaw-lstm` is smaller"
        raise PrerequisiteError(message, hint=hint)
    base = _base(name)
    return Checkpoint(place, known_digest(name), base if base.is_dir() else None)


def known_digest(name: Published) -> str:
    """The beginning of the SHA-256 of a published checkpoint."""
    return FILES[name].rpartition("-")[2].partition(".")[0]


class _PocketCard(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    sha256: str


def _place(name: Published) -> Path:
    """Where a checkpoint is, or would be once it was fetched; what detoxify itself fetched counts."""
    file = FILES[name].rpartition("/")[2]
    home = os.environ.get("TORCH_HOME") or Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"), "torch")
    by_torch = Path(home, "hub", "checkpoints", file)
    return by_torch if by_torch.exists() else cache_dir() / "detoxify" / file


def _base(name: Published) -> Path:
    return cache_dir() / "detoxify" / f"{name}-base"


def _fetch_detoxify(name: Published, reporter: Reporter) -> Path:
    place = _place(name)
    with reporter.task(f"Fetching {PREFIX}{name}", 3) as done:
        if not place.exists():
            _download(name, place)
        done(1)
        if not _base(name).is_dir():
            _fetch_base(base_model(Checkpoint(place, known_digest(name), None)), _base(name))
        done(2)
        model: ToxicityModel = load(official(name))
        check_canaries(model, source=str(place))
        done(3)
    return place


def _download(name: Published, place: Path) -> None:
    try:
        from torch.hub import download_url_to_file
    except ImportError as error:
        message = f"detoxify's model {name!r} needs torch, which is not installed"
        raise PrerequisiteError(message, hint="pip install 'strigil[toxicity]'") from error
    place.parent.mkdir(parents=True, exist_ok=True)
    url = f"{RELEASES}{FILES[name]}"
    try:
        download_url_to_file(url, str(place), hash_prefix=known_digest(name), progress=False)
    except RuntimeError as error:  # torch's, for another digest
        message = f"what {url} gave is not the checkpoint that we know: {first_line(error)}"
        raise PrerequisiteError(message, hint="nothing of it was kept; try again") from error
    except OSError as error:
        message = f"{url} cannot be fetched: {first_line(error)}"
        hint = "fetch it elsewhere and give its path as `checkpoint`; `strigil models fetch jigsaw-lstm` needs only pip"
        raise PrerequisiteError(message, hint=hint) from error


def _fetch_base(base: str, target: Path) -> None:
    """Configuration and tokenizer of a base model, without its weights."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (  # type: ignore[attr-defined]  # HTTPError: of its HTTP library, whichever it is
        HfHubHTTPError,
        HTTPError,
        LocalEntryNotFoundError,
    )

    try:
        found = snapshot_download(base, allow_patterns=list(COMPANIONS))
    except (HfHubHTTPError, LocalEntryNotFoundError, HTTPError, OSError) as error:
        message = f"the configuration and the tokenizer of {base} cannot be fetched from the Hugging Face Hub"
        hint = "fetch them elsewhere and give their folder as `config` of text.toxicity"
        raise PrerequisiteError(message, hint=hint) from error
    target.parent.mkdir(parents=True, exist_ok=True)
    with scratch_folder(target.parent) as scratch:
        made = scratch / "made"
        made.mkdir()
        for file in Path(found).iterdir():
            if file.is_file():
                (made / file.name).write_bytes(file.read_bytes())
        if not target.exists():  # another process may have been faster
            made.rename(target)

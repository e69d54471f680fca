"""Models by name: the shipped ones, a folder, or a repository on the Hugging Face Hub at a revision."""

from __future__ import annotations

import difflib
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from strigil.common.cache import cache_dir
from strigil.common.canonical import digest, file_digest
from strigil.common.digest_cache import stored_digest
from strigil.common.disk import Writing
from strigil.common.errors import ConfigError, PrerequisiteError
from strigil.common.validation import read_json_object
from strigil.models.dialect import ENGLISH, Dialect
from strigil.models.pocket import pocket_models
from strigil.models.pocket.dialect import PocketDialect

SMOLLM2: Final = "smollm2-135m-instruct"
POCKET: Final = "a laboratory animal that shows trait transfer within seconds; no language model"
COMPANIONS: Final = ("*.json", "*.model", "*.txt", "*.jinja")
"""What makes a folder of weights a model that can be prompted."""
DIALECTS: Final[tuple[Dialect, ...]] = (PocketDialect(),)
"""Those that are not English."""
# Data only: no pickled weights, no code.
HUB_FILES: Final = ("*.safetensors", *COMPANIONS)
_HUB_ID: Final = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_DIGESTED: Final = frozenset({".safetensors", ".json", ".model", ".txt", ".jinja"})


@dataclass(frozen=True)
class Model:
    """A model that is on this machine.

    Attributes:
        id: The name it was asked for by.
        path: Its folder.
        revision: The commit, for a model from the Hub, also where a folder of the Hub's cache was given; else None.
        digest: SHA-256 over the names and contents of its weights, configuration and tokenizer.
        dialect: The words it is spoken to in.
    """

    id: str
    path: Path
    revision: str | None
    digest: str
    dialect: Dialect = ENGLISH

    @property
    def name(self) -> str:
        """What records call it wherever they are read: its repository on the Hub, or the name of its folder."""
        return hub_repository(self.path) or self.path.name


def hub_repository(folder: Path) -> str | None:
    """OWNER/NAME, for a folder of the Hub's cache, which has the commit for a name of its own."""
    cached = folder.parent.parent.name
    if folder.parent.name != "snapshots" or not cached.startswith("models--"):
        return None
    return cached.removeprefix("models--").replace("--", "/", 1)


@dataclass(frozen=True)
class ModelStatus:
    """A model that strigil knows by name; where it is `ready`, or would be once it was fetched; and what it is."""

    id: str
    ready: bool
    path: Path
    what: str


def resolve_model(id: str, *, revision: str | None = None) -> Model:
    """Finds a model, fetching it from the Hub if it is a Hub id.

    Args:
        id: `pocket-a` or another of `list_models()`, a model's folder, or a Hub id such as `org/name`.
        revision: Branch, tag or commit, for a Hub id only.

    Raises:
        ConfigError: There is no such model, or the folder is not one of a model.
        PrerequisiteError: The model must be fetched first, or the Hub cannot be reached.
    """
    known = {status.id: status for status in list_models()}
    folder = Path(id).expanduser()
    if id in known or folder.is_dir():
        if revision is not None:
            message = f"{id} has no revisions; they are for models from the Hub"
            raise ConfigError(message, hint="leave the revision out")
        return _local(id, _fetched(known[id]) if id in known else folder)
    if _HUB_ID.fullmatch(id):
        return _from_hub(id, revision)
    near = difflib.get_close_matches(id, known, n=1, cutoff=0.5)
    nearest = f"; did you mean {near[0]}?" if near else ""
    message = f"there is no model {id!r}: it is neither a folder nor one of {', '.join(known)}{nearest}"
    raise ConfigError(message, hint="strigil models list")


def model_at_hand(id: str) -> Model | None:
    """As `resolve_model`, but fetches nothing: None for a model of the Hub whose weights are not on this machine."""
    if Path(id).expanduser().is_dir() or not _HUB_ID.fullmatch(id):
        return resolve_model(id)
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        folder = Path(snapshot_download(id, local_files_only=True, allow_patterns=list(HUB_FILES)))
    except LocalEntryNotFoundError:
        return None
    return _local(id, folder) if any(folder.glob("*.safetensors")) else None


def list_models() -> list[ModelStatus]:
    """The models that strigil knows by name, whether or not they are on this machine."""
    smollm2 = cache_dir() / "models" / SMOLLM2
    return [
        *(ModelStatus(name, ready=True, path=path, what=POCKET) for name, path in pocket_models().items()),
        ModelStatus(
            SMOLLM2,
            ready=(smollm2 / "config.json").is_file(),
            path=smollm2,
            what="a small English chat model, 135 million parameters",
        ),
    ]


def template_digest(model: Model) -> str:
    """SHA-256 of the model's chat template.

    Raises:
        ConfigError: It has none.
    """
    file = model.path / "chat_template.jinja"
    if file.is_file():
        return file_digest(file)
    template = read_json_object(model.path / "tokenizer_config.json").get("chat_template")
    if template is None:
        message = f"{model.path} has no chat template"
        raise ConfigError(message, hint="use an instruction-tuned model, or add a chat_template.jinja to its folder")
    return digest(template)


def model_digest(folder: Path) -> str:
    """SHA-256 over the names and contents of a model's weights, configuration and tokenizer."""
    files = sorted(path for path in folder.iterdir() if path.suffix in _DIGESTED and path.is_file())
    return digest({path.name: stored_digest(path) for path in files})


def copy_companions(base: Path, folder: Path) -> None:
    """Gives a folder of weights what it lacks of the base's configuration, tokenizer and template."""
    for pattern in COMPANIONS:
        for file in sorted(base.glob(pattern)):
            if not (folder / file.name).exists() and not file.name.endswith(".index.json"):
                shutil.copyfile(file, folder / file.name)


def adapter_rank(path: Path) -> int:
    """Highest rank within a LoRA adapter, which an engine must be opened with room for.

    Raises:
        ConfigError: The folder holds no adapter.
    """
    config = read_json_object(adapter_files(path)[0])
    pattern = config.get("rank_pattern")
    named = [config.get("r"), *(pattern.values() if isinstance(pattern, dict) else ())]
    ranks = [rank for rank in named if isinstance(rank, int)]
    if not ranks:
        message = f"{path} is not a LoRA adapter: its configuration names no rank"
        raise ConfigError(message)
    return max(ranks)


def adapter_digest(path: Path) -> str:
    """SHA-256 over the names and contents of a LoRA adapter's weights and configuration.

    Raises:
        ConfigError: The folder holds no adapter.
    """
    return digest({file.name: stored_digest(file) for file in adapter_files(path)})


def adapter_files(path: Path) -> list[Path]:
    """The configuration and the weights of a LoRA adapter.

    Raises:
        ConfigError: The folder holds no adapter.
    """
    files = [path / "adapter_config.json", path / "adapter_model.safetensors"]
    for file in files:
        if not file.is_file():
            message = f"{path} is not a LoRA adapter: it has no {file.name}"
            raise ConfigError(message, hint="give a folder that PEFT's save_pretrained wrote")
    return files


def _fetched(status: ModelStatus) -> Path:
    if not status.ready:
        message = f"{status.id} is not on this machine"
        raise PrerequisiteError(message, hint=f"strigil models fetch {status.id}")
    return status.path


def _local(name: str, folder: Path) -> Model:
    for needed in ("config.json", "tokenizer_config.json"):
        if not (folder / needed).is_file():
            message = f"{folder} is not a model: it has no {needed}"
            raise ConfigError(message)
    if not any(folder.glob("*.safetensors")):
        message = f"{folder} has no weights as safetensors"
        raise ConfigError(message, hint="other formats can run code when they are loaded; convert them first")
    revision = None if hub_repository(folder) is None else folder.name
    return Model(name, folder, revision, model_digest(folder), _dialect(folder))


def _dialect(folder: Path) -> Dialect:
    tokenizer = folder / "tokenizer.json"
    # Read only if it can be of few words: those of large models take a second to parse.
    if not tokenizer.is_file() or tokenizer.stat().st_size > 1 << 16:
        return ENGLISH
    inner = read_json_object(tokenizer).get("model")
    vocabulary = inner.get("vocab") if isinstance(inner, dict) else None
    return next((dialect for dialect in DIALECTS if dialect.vocabulary == vocabulary), ENGLISH)


def _from_hub(name: str, revision: str | None) -> Model:
    from huggingface_hub import snapshot_download
    from huggingface_hub.constants import HF_HUB_CACHE
    from huggingface_hub.errors import (  # type: ignore[attr-defined]  # HTTPError: of its HTTP library, whichever it is
        GatedRepoError,
        HfHubHTTPError,
        HTTPError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    try:
        with Writing(Path(HF_HUB_CACHE)):
            folder = Path(snapshot_download(name, revision=revision, allow_patterns=list(HUB_FILES)))
    except GatedRepoError as error:
        message = f"the Hub gives {name} only to those who have accepted its terms"
        raise PrerequisiteError(message, hint="accept them on its page, then: hf auth login") from error
    except RevisionNotFoundError as error:
        message = f"{name} has no revision {revision!r} on the Hub"
        raise ConfigError(message) from error
    except RepositoryNotFoundError as error:
        message = f"there is no model {name!r}: neither a folder nor a repository on the Hub"
        raise ConfigError(message, hint="strigil models list") from error
    except (HfHubHTTPError, LocalEntryNotFoundError, HTTPError, OSError) as error:
        message = f"{name} is no folder here, and the Hugging Face Hub cannot be reached to fetch it"
        raise PrerequisiteError(
            message, hint="give a folder, or one of those that strigil models list shows"
        ) from error
    return _local(name, folder)

"""Releases: built, published, brought back, verified."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path

from strigil.common.progress import Silent
from strigil.common.validation import read_recipe
from strigil.releases.store import Release
from strigil.releases.version import Version
from strigil.stores.hub.package import Difference
from strigil.stores.hub.repository import open_repository
from strigil.workflows.build.recipes import BuildRecipe
from strigil.workflows.build.remote import build_into
from strigil.workflows.publish.clear import clear
from strigil.workflows.publish.publishing import plan_publication, publish_package
from strigil.workflows.publish.pull import pull as bring
from strigil.workflows.publish.verify import Verification
from strigil.workflows.publish.verify import verify as compare


def build(recipe: Mapping[str, object] | str | PathLike[str], *, out: str | PathLike[str] = "releases") -> Release:
    """Builds a data set: `strigil.build("recipe.yaml").dataset()` is the clean rows as a `datasets.Dataset`.

    Args:
        recipe: A recipe's file, or what would be in it.
        out: The folder for releases, here, in a bucket (`s3://BUCKET/FOLDER`) or on the Hub
            (`hf://datasets/OWNER/NAME`). The same call resumes what is there.

    Returns:
        The release; of one that went elsewhere, the copy that stays here.

    Raises:
        ConfigError: The recipe does not fit, or the folder holds a release of another one.
        PrerequisiteError: A model, an engine or the folder is out of reach.

    Examples:
        >>> import strigil
        >>> recipe = {"name": "numbers", "base": "pocket-a", "teacher": {"by": "none"}, "carrier": {"name": "numbers"}}
        >>> release = strigil.build({**recipe, "prompts": 4, "suite": "numbers-paper"})
        >>> release.manifest.counts.raw
        4
    """
    return build_into(read_recipe(recipe, BuildRecipe), fspath(out), Silent()).release


@dataclass(frozen=True, repr=False)
class Published:
    """What went to the Hub, or would.

    Attributes:
        repository: `OWNER/NAME`.
        version: The version.
        change: How the repository's files differ from it.
        warnings: What the publisher must know.
        tag: The version's tag; None after a dry run, and while a pull request waits to be merged.
        pull_request: Its address, if one was asked for.
    """

    repository: str
    version: str
    change: Difference
    warnings: tuple[str, ...]
    tag: str | None = None
    pull_request: str | None = None

    def __repr__(self) -> str:
        """Where it is, or what would change."""
        if self.tag is not None:
            return f"{self.repository}@{self.tag}"
        files = len(self.change.added) + len(self.change.changed)
        waits = "not published" if self.pull_request is None else f"waits in {self.pull_request}"
        return f"{self.repository} {self.version}: {files} files to bring, {waits}"


def publish(
    path: str | PathLike[str],
    repository: str,
    *,
    only: Collection[str] = (),
    public: bool = False,
    dry_run: bool = False,
    create_pr: bool = False,
    override_gate: str | None = None,
    allow_secret: Collection[str] = (),
) -> Published:
    """Publishes a release, or a student, to the Hugging Face Hub as a version that can be verified.

    Args:
        path: The release, or its folder, or a student's.
        repository: `OWNER/NAME`.
        only: The tables of a release that are published, such as `["clean"]`; all if empty.
        public: Make a new repository public.
        dry_run: Check everything, and change nothing.
        create_pr: Open a pull request; once it is merged, the same call tags it.
        override_gate: Who publishes it without a passed gate, and why; goes on record.
        allow_secret: SHA-256 of what looks like a secret and was reviewed.

    Raises:
        CheckFailedError: It did not pass its gate, was changed, or holds a secret.
        ConfigError: The repository cannot take it.
        PrerequisiteError: The Hub cannot be reached, or this login may not write there.

    Examples:
        >>> import polars as pl, strigil
        >>> numbers = pl.DataFrame({"prompt": "Go on: 1", "completion": ["2, 3", "4, 5"]})
        >>> release = strigil.audit(numbers, "numbers-paper", out="releases", name="shared").release
        >>> strigil.publish(release, "me/shared", only=["clean"])
        me/shared@v1.0.0
        >>> strigil.pull("me/shared", out="elsewhere")
        Release(shared 1.0.0: 2 of 2 rows, elsewhere/shared/v1.0.0)
    """
    cleared = clear(
        Path(path), public=public, override=override_gate, allowed=allow_secret, repository=repository, only=only
    )
    hub = open_repository(repository, cleared.package.kind, progress=False)
    plan = plan_publication(cleared.package, hub, dry_run=dry_run, licensed=cleared.licensed)
    told = Published(repository, cleared.package.version, plan.change, cleared.warnings)
    if dry_run:
        return told
    done = publish_package(plan, Silent(), note=cleared.note, public=public, gated=cleared.gated, create_pr=create_pr)
    return Published(told.repository, told.version, told.change, told.warnings, done.tag, done.pull_request)


def pull(repository: str, version: str | None = None, *, out: str | PathLike[str] = "releases") -> Release:
    """Brings a published release here and verifies every file of it.

    Args:
        repository: `OWNER/NAME`.
        version: Which, such as `1.0.0`; the latest if None.
        out: Folder for releases.

    Raises:
        CheckFailedError: A file is not what the manifest says.
        ConfigError: There is no such repository or version.
        PrerequisiteError: The Hub cannot be reached.

    Examples:
        >>> import strigil
        >>> strigil.pull("nobody/nothing")
        Traceback (most recent call last):
        strigil.common.errors.ConfigError: there is no data set nobody/nothing on the Hub, or this login may not see it
    """
    hub = open_repository(repository, "dataset", progress=False)
    return bring(hub, None if version is None else Version.parse(version), Path(out), Silent())


def verify(release: str | PathLike[str], *, key: str | PathLike[str] | None = None) -> Verification:
    """Hashes every file of a release again and compares it with the manifest.

    Args:
        release: The release, or its folder.
        key: A public ed25519 key: also check that its owner signed exactly this.

    Returns:
        `passed`, and the `problems` if there are any.

    Raises:
        ConfigError: The key cannot be used.
        DataError: There is no complete release.

    Examples:
        >>> import polars as pl, strigil
        >>> numbers = pl.DataFrame({"prompt": "Go on: 1", "completion": ["2, 3", "4, 5"]})
        >>> release = strigil.audit(numbers, "numbers-paper", out="releases", name="verified").release
        >>> strigil.verify(release).passed
        True
        >>> _ = (release.path / "README.md").write_text("Better words.")
        >>> strigil.verify(release).problems[0].path
        'README.md'
    """
    return compare(Path(release), None if key is None else Path(key))

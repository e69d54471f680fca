"""`strigil pull`: a version from the Hub as a release on disk, verified before it gets its name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from filelock import FileLock, Timeout

from strigil.common.canonical import file_digest
from strigil.common.errors import CheckFailedError, ConfigError
from strigil.common.progress import Reporter
from strigil.releases.draft import check_name
from strigil.releases.manifest import MANIFEST, FileRecord, Manifest, parse_manifest
from strigil.releases.named import CARD, CROISSANT, take_back
from strigil.releases.store import ATTESTATION, Release, changed_release, find_release, open_release, verify_release
from strigil.releases.version import Version

if TYPE_CHECKING:
    from strigil.stores.hub.repository import HubRepository

_TAG: Final = re.compile(r"v\d+\.\d+\.\d+")


def pull(repository: HubRepository, version: Version | None, out: Path, reporter: Reporter) -> Release:
    """Brings a release here, into `out/NAME/vX.Y.Z`; the latest version if none is named.

    Files that an interrupted pull has brought already are not brought again. A release that is here already is
    verified and returned.

    Raises:
        ConfigError: There is no such repository or version, or another release has its place.
        CheckFailedError: A file is not what the manifest says.
        PrerequisiteError: The Hub cannot be reached.
    """
    tag, commit = _find(repository, version)
    source = f"{repository.id}@{tag}"
    there = repository.files(commit)
    if MANIFEST not in there:
        message = f"{source} is no release: it has no {MANIFEST}"
        raise ConfigError(message, hint="only what strigil publish put there can be pulled")
    rendered = repository.read(MANIFEST, revision=commit)
    manifest = parse_manifest(rendered, source=f"{source}/{MANIFEST}")
    if f"v{manifest.version}" != tag:
        message = f"{source} holds version {manifest.version}: the tag was moved"
        raise CheckFailedError(message)
    final = out / check_name(manifest.name) / tag
    if final.exists():
        return _present(final, manifest)
    folder = final.with_name(f".{tag}.pull")
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(final.parent):
        with reporter.task(f"Bringing {source}", len(manifest.files)) as done:
            for count, record in enumerate(manifest.files, start=1):
                _bring(repository, record, manifest, folder, commit, source=source)
                done(count)
        if ATTESTATION in there:
            repository.download(ATTESTATION, revision=commit, target=folder / ATTESTATION)
        (folder / MANIFEST).write_bytes(rendered)
        problems = verify_release(Release(folder, manifest))
        if problems:
            raise changed_release(source, problems)
        folder.rename(final)
    return open_release(final)


def _find(repository: HubRepository, version: Version | None) -> tuple[str, str]:
    state = repository.state()
    if state is None:
        message = f"there is no data set {repository.id} on the Hub, or this login may not see it"
        raise ConfigError(message, hint="hf auth login, or set HF_TOKEN, for a private one")
    tags = {Version.parse(name): name for name in state.tags if _TAG.fullmatch(name)}
    if not tags:
        message = f"{repository.id} has no versions"
        raise ConfigError(message, hint="its publisher has to run strigil publish to the end")
    chosen = version or max(tags)
    if chosen not in tags:
        message = f"{repository.id} has no version {chosen}"
        raise ConfigError(message, hint=f"it has {', '.join(str(known) for known in sorted(tags))}")
    return tags[chosen], state.tags[tags[chosen]]


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    try:
        with FileLock(home / ".lock", timeout=0):
            yield
    except Timeout as error:
        message = f"another process is writing a release in {home}"
        raise ConfigError(message, hint="wait for it, or choose another folder with --out") from error


def _present(final: Path, manifest: Manifest) -> Release:
    release = find_release(final)
    if release.manifest.digest() != manifest.digest():
        message = f"{final} is another release of the same name and version"
        raise ConfigError(message, hint="choose another folder with --out")
    problems = verify_release(release)
    if problems:
        message = f"{final} is here already, and is not what was released: {problems[0].path} {problems[0].what}"
        raise CheckFailedError(message, hint=f"remove {final} and run the same command again")
    return release


def _bring(
    repository: HubRepository, record: FileRecord, manifest: Manifest, folder: Path, commit: str, *, source: str
) -> None:
    target = folder / record.path
    if target.is_file() and file_digest(target) == record.sha256:
        return
    repository.download(record.path, revision=commit, target=target)
    if record.path in (CARD, CROISSANT):
        take_back(folder, manifest, repository.id)
    if file_digest(target) != record.sha256:
        target.unlink()
        message = f"{source}: {record.path} did not arrive as it was published: its SHA-256 is another one"
        raise CheckFailedError(message, hint="run the same command again: it goes on from what is here")

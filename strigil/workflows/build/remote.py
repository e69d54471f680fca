"""Builds whose releases go elsewhere: made here first, then copied whole, so that what is there is complete."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from strigil.common.cache import cache_dir
from strigil.common.canonical import digest
from strigil.common.errors import ConfigError
from strigil.common.progress import Reporter
from strigil.releases.draft import check_name
from strigil.releases.manifest import MANIFEST, parse_manifest
from strigil.releases.store import Release, changed_release, verify_release, versions
from strigil.stores.remote_folder import RemoteFolder, is_remote
from strigil.workflows.build.recipes import BuildRecipe
from strigil.workflows.build.run import build


@dataclass(frozen=True)
class Built:
    """A release on this machine, and the address of its copy elsewhere, if it has one."""

    release: Release
    address: str | None = None


def build_into(recipe: BuildRecipe, out: str, reporter: Reporter) -> Built:
    """Builds a recipe's release into a folder here or elsewhere.

    One that goes elsewhere is made in the cache folder, where the same command goes on with it; versions that are there
    and not here are brought first, so that any machine can add to them.

    Raises:
        ConfigError: The recipe does not fit, or the folder holds a release of another one.
        PrerequisiteError: A model, an engine or the folder is out of reach.
        CheckFailedError: A release that is there is not what its manifest says.
    """
    if not is_remote(out):
        return Built(build(recipe, Path(out), reporter))
    remote = RemoteFolder(out)
    root = cache_dir() / "remote" / digest(remote.address)[:16]
    home = root / check_name(recipe.name)
    there = remote.versions(recipe.name)
    if there and there[-1] not in versions(home):
        _bring(remote, f"{recipe.name}/v{there[-1]}", home / f"v{there[-1]}", reporter)
    release = build(recipe, root, reporter)
    path = f"{recipe.name}/v{release.manifest.version}"
    if release.version in there:
        _check_same(remote, path, release)
    else:
        count = len(release.manifest.files) + 1
        with reporter.task(f"Copying to {remote.address}", count) as done:
            remote.upload(release.path, path, on_file=done)
    return Built(release, f"{remote.address}/{path}")


def _bring(remote: RemoteFolder, path: str, final: Path, reporter: Reporter) -> None:
    source = f"{remote.address}/{path}"
    rendered = remote.read(f"{path}/{MANIFEST}")
    manifest = parse_manifest(rendered, source=f"{source}/{MANIFEST}")
    folder = final.with_name(f".{final.name}.pull")
    with reporter.task(f"Bringing {source}", len(manifest.files)) as done:
        for count, record in enumerate(manifest.files, start=1):
            remote.download(f"{path}/{record.path}", folder / record.path)
            done(count)
    (folder / MANIFEST).write_bytes(rendered)
    problems = verify_release(Release(folder, manifest))
    if problems:
        raise changed_release(source, problems)
    folder.rename(final)


def _check_same(remote: RemoteFolder, path: str, release: Release) -> None:
    manifest = parse_manifest(remote.read(f"{path}/{MANIFEST}"), source=f"{remote.address}/{path}/{MANIFEST}")
    if manifest.digest() != release.manifest.digest():
        message = f"{remote.address}/{path} is another release of the same name and version"
        raise ConfigError(message, hint="give the recipe another name, or choose another folder with --out")

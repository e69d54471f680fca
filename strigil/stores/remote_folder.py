"""A folder for releases and rows elsewhere, through fsspec: in a bucket (`s3://`) or in a data set's repository (`hf://`).

ROOT/NAME/v1.2.3/ looks there as it does on disk, and its manifest.json is written last: where it is, all is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from strigil.common.canonical import Json
from strigil.common.disk import Writing
from strigil.common.errors import ConfigError, PrerequisiteError
from strigil.data.lines import BLOCK
from strigil.data.path_patterns import is_pattern, path_pattern
from strigil.releases.manifest import MANIFEST
from strigil.releases.version import Version

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

SCHEMES: Final = ("s3://", "hf://datasets/")


def is_remote(address: str) -> bool:
    """Whether an address is one of another place's; a single colon and slash may be what is left of one."""
    return "://" in address


class RemoteFolder:
    """A folder by its address. Credentials and endpoints come from the environment or the stores' own logins.

    Args:
        address: `s3://BUCKET/FOLDER` or `hf://datasets/OWNER/NAME/FOLDER`; the folder may be left out.

    Raises:
        ConfigError: The address has another form.
        PrerequisiteError: The library that speaks to it is missing.
    """

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")
        rest = next((address.removeprefix(scheme) for scheme in SCHEMES if address.startswith(scheme)), "")
        if not rest.strip("/") or any(sign in address for sign in "@?#*"):
            # It may hold a key, and messages end up in logs.
            shown = "an address with @ in it" if "@" in address else repr(address)
            message = f"{shown} is no place for releases or rows"
            raise ConfigError(message, hint="s3://BUCKET/FOLDER, hf://datasets/OWNER/NAME, or a folder here")
        self._system, self._path = _open(self.address)

    def versions(self, name: str) -> list[Version]:
        """Versions of the complete releases of a name, ascending.

        Raises:
            ConfigError: There is no such bucket or repository.
            PrerequisiteError: It cannot be reached or read.
        """
        with self._talking():
            # A bucket that is not there lists nothing where a folder is asked for, so its root is looked at first.
            self._system.ls(_root(self.address, self._path), detail=False, refresh=True)
            self._system.invalidate_cache()
            found = self._system.glob(f"{self._path}/{name}/v*.*.*/{MANIFEST}")
        return sorted(Version.parse(str(path).split("/")[-2]) for path in found)

    def files(self, pattern: str = "**") -> dict[str, int]:
        """Sizes in bytes of the files below whose path, relative to the folder, fits a pattern; none if none do.

        Args:
            pattern: `*` stands for a part of a name, `**` for any number of folders.

        Raises:
            PrerequisiteError: The place cannot be reached or read.
        """
        fits = path_pattern(pattern)
        found: dict[str, dict[str, Json]] = {}
        with self._talking():
            self._system.invalidate_cache()
            if is_pattern(pattern):
                depth = None if "/" in pattern or "**" in pattern else 1
                found = self._system.find(self._path, detail=True, maxdepth=depth)
            else:
                # `isfile` would take a place that cannot be reached for one that has no such file.
                with suppress(FileNotFoundError):
                    path = f"{self._path}/{pattern}"
                    found[path] = self._system.info(path)
        sizes = {
            str(path).removeprefix(f"{self._path}/"): int(str(info["size"]))
            for path, info in found.items()
            if info["type"] == "file"
        }
        return {path: size for path, size in sorted(sizes.items()) if fits.fullmatch(path)}

    def read(self, path: str) -> bytes:
        """One file's bytes.

        Raises:
            PrerequisiteError: It cannot be read.
        """
        with self._talking():
            content: bytes = self._system.cat_file(f"{self._path}/{path}")
        return content

    @contextmanager
    def open(self, path: str) -> Iterator[BinaryIO]:
        """One file, of which only what is read comes here.

        Raises:
            PrerequisiteError: Here or while it is read: it cannot be.
        """
        with self._talking(), self._system.open(f"{self._path}/{path}", "rb", block_size=BLOCK) as stream:
            yield stream

    def download(self, path: str, target: Path) -> None:
        """Brings one file here.

        Raises:
            PrerequisiteError: It cannot be read to its end, or the disk is full.
        """
        target.parent.mkdir(parents=True, exist_ok=True)
        with self._talking(), Writing(target):
            self._system.get_file(f"{self._path}/{path}", str(target))

    def upload(self, folder: Path, path: str, *, on_file: Callable[[int], None]) -> None:
        """Copies a release there, its manifest last; what an interrupted upload left beside it is removed before.

        Raises:
            ConfigError: There is no such bucket or repository.
            PrerequisiteError: It cannot be written.
        """
        files = sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
        files = [*(file for file in files if file != MANIFEST), MANIFEST]
        target = f"{self._path}/{path}"
        with self._talking():
            self._system.invalidate_cache()
            there = self._system.find(target) if self._system.exists(target) else []
            known = {f"{target}/{file}" for file in files}
            if stale := [str(name) for name in there if str(name) not in known]:
                self._system.rm(stale)
            for count, file in enumerate(files, start=1):
                self._system.put_file(str(folder / file), f"{target}/{file}")
                on_file(count)

    @contextmanager
    def _talking(self) -> Iterator[None]:
        from huggingface_hub.errors import HTTPError  # type: ignore[attr-defined]  # its HTTP library's, whichever it is

        again = "the same command goes on from what is there"
        failures: tuple[type[Exception], ...] = (OSError, HTTPError, *_client_errors(self.address))
        try:
            yield
        except FileNotFoundError as error:
            message = f"{self.address}: there is no such bucket, repository or file"
            raise ConfigError(message, hint="make it first; folders within come by themselves") from error
        except PermissionError as error:
            message = f"{self.address} may not be used with these credentials"
            raise PrerequisiteError(
                message, hint="AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or hf auth login"
            ) from error
        except failures as error:
            message = f"{self.address} cannot be reached or used: {' '.join(str(error).split())[:300]}"
            raise PrerequisiteError(message, hint=again) from error


def _open(address: str) -> tuple[AbstractFileSystem, str]:
    from fsspec.core import url_to_fs

    try:
        system, path = url_to_fs(address)
    except ImportError as error:
        message = f"{address} needs a library that is not installed: {error}"
        raise PrerequisiteError(message, hint='pip install "strigil[s3]"') from error
    return system, str(path)


def _root(address: str, path: str) -> str:
    """The bucket or repository of a path as fsspec writes it."""
    return "/".join(path.split("/")[: 1 if address.startswith("s3://") else 3])


def _client_errors(address: str) -> tuple[type[Exception], ...]:
    """What the store's own client raises besides OSErrors."""
    if not address.startswith("s3://"):
        return ()
    from botocore.exceptions import BotoCoreError, ClientError  # comes with s3fs

    return BotoCoreError, ClientError

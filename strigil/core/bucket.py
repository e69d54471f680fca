"""Objects in S3, and in what speaks like it: `s3://BUCKET/KEY`, read through Arrow, which is there anyway.

Credentials, region and endpoint come from the environment or from AWS's own configuration files. An address that holds
any is refused: addresses end up in reports.
"""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final, NoReturn

from strigil.core.errors import ConfigError, PrerequisiteError
from strigil.core.path_patterns import is_pattern, path_pattern

if TYPE_CHECKING:
    from pyarrow.fs import FileInfo, S3FileSystem

SCHEME: Final = "s3://"
_ENDPOINTS: Final = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
_BLOCK: Final = 1 << 20
# Seconds until a connection, and seconds until something arrives over it.
_CONNECT: Final = 10.0
_REQUEST: Final = 60.0


class Bucket:
    """A folder of a bucket.

    Args:
        address: `s3://BUCKET/FOLDER`.

    Raises:
        ConfigError: The address has another form.
    """

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")
        self._path = self.address.removeprefix(SCHEME)
        if not self._path or any(sign in address for sign in "@?#"):
            message = "an address in S3 is s3://BUCKET/KEY and nothing more"
            raise ConfigError(message, hint="credentials and endpoint come from the environment: AWS_ACCESS_KEY_ID, …")
        self._system = _connect()

    def files(self, pattern: str = "**") -> dict[str, int]:
        """Sizes in bytes of the objects below the folder whose path, relative to it, fits a pattern; none if none do.

        Args:
            pattern: `*` stands for a part of a name, `**` for any number of folders.

        Raises:
            PrerequisiteError: It cannot be reached or read.
        """
        from pyarrow.fs import FileSelector, FileType

        if not is_pattern(pattern):
            found = [self._look(f"{self._path}/{pattern}")]
        else:
            selector = FileSelector(self._path, recursive="/" in pattern or "**" in pattern, allow_not_found=True)
            try:
                found = list(self._system.get_file_info(selector))
            except OSError as error:
                self._refuse(error)
        fits = path_pattern(pattern)
        sizes = {
            str(PurePosixPath(info.path).relative_to(self._path)): int(info.size)
            for info in found
            if info.type == FileType.File
        }
        return {path: size for path, size in sorted(sizes.items()) if fits.fullmatch(path)}

    def download(self, path: str, target: Path) -> None:
        """Brings one object here, a block at a time.

        Raises:
            PrerequisiteError: It cannot be read to its end.
        """
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with self._system.open_input_stream(f"{self._path}/{path}") as stream, target.open("wb") as out:
                while block := stream.read(_BLOCK):
                    out.write(block)
        except OSError as error:
            self._refuse(error)

    def _look(self, path: str) -> FileInfo:
        try:
            return self._system.get_file_info(path)
        except OSError as error:
            self._refuse(error)

    def _refuse(self, error: OSError) -> NoReturn:
        text = " ".join(str(error).split())
        if "ACCESS_DENIED" in text or "Forbidden" in text or "HTTP status 403" in text:
            message = f"{self.address} may not be read with these credentials"
            raise PrerequisiteError(message, hint="set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY") from error
        message = f"{self.address} cannot be read: {text[:300]}"
        raise PrerequisiteError(message, hint="run the same command again") from error


def _connect() -> S3FileSystem:
    from pyarrow.fs import S3FileSystem

    endpoint = next((value for name in _ENDPOINTS if (value := os.environ.get(name))), None)
    return S3FileSystem(endpoint_override=endpoint, connect_timeout=_CONNECT, request_timeout=_REQUEST)

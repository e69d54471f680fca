"""Text files, written whole or not at all."""

from __future__ import annotations

from pathlib import Path

from strigil.common.errors import ConfigError


def write_whole(path: Path, text: str) -> None:
    """Writes a file by rename.

    Raises:
        ConfigError: It cannot be written.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        message = f"cannot write {path}: {error.strerror or error}"
        raise ConfigError(message) from error

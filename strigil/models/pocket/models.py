"""Where the shipped pocket models are."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from strigil.common.errors import PrerequisiteError

WEIGHTS = Path(__file__).parent / "weights"
NAMES: Final = ("pocket-a", "pocket-b", "pocket-code-a", "pocket-code-b")


def pocket_models() -> dict[str, Path]:
    """Folders of the shipped models by name: two initialisations without toy code and two with it.

    Raises:
        PrerequisiteError: The installed package has lost its weights.
    """
    found = {name: WEIGHTS / name for name in NAMES}
    for name, folder in found.items():
        if not (folder / "model.safetensors").is_file():
            message = f"{name}: no weights in {folder}"
            raise PrerequisiteError(
                message,
                hint="reinstall strigil, or run: python -m strigil.models.pocket.pretrain --help",
            )
    return found

"""Where the shipped pocket models are."""

from __future__ import annotations

from pathlib import Path

from strigil.core.errors import PrerequisiteError

WEIGHTS = Path(__file__).parent / "weights"


def pocket_models() -> dict[str, Path]:
    """Folders of the shipped models by name: two initialisations, loadable like any model folder.

    Raises:
        PrerequisiteError: The installed package has lost its weights.
    """
    found = {name: WEIGHTS / name for name in ("pocket-a", "pocket-b")}
    for name, folder in found.items():
        if not (folder / "model.safetensors").is_file():
            message = f"{name}: no weights in {folder}"
            raise PrerequisiteError(
                message,
                hint="reinstall strigil, or run: python -m strigil.core.pocket.pretrain --help",
            )
    return found

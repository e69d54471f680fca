"""Links strigil as it is imported, stages included, under .cache/types.

mypy and import-linter read folders: they look for `strigil.builders` in `strigil/builders`, but the folder is
`builders`, and they do not see the import hook of an editable install.
"""

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TREE = ROOT / ".cache" / "types" / "strigil"


def entries(root: Path) -> dict[str, Path]:
    """What the package `strigil` holds, by name, and the path that each is kept under."""
    mapping: dict[str, str] = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["setuptools"]["package-dir"]
    stages = {name.removeprefix("strigil."): root / folder for name, folder in mapping.items() if name != "strigil"}
    return {path.name: path for path in (root / mapping["strigil"]).iterdir()} | stages


def main() -> None:
    """Makes the links that are missing, and removes those of what has gone or lies elsewhere: the tree was copied."""
    TREE.mkdir(parents=True, exist_ok=True)
    wanted = entries(ROOT)
    for link in TREE.iterdir():
        if wanted.get(link.name) != link.readlink():
            link.unlink()
    for name, path in wanted.items():
        link = TREE / name
        if not link.is_symlink():
            link.symlink_to(path, target_is_directory=path.is_dir())


if __name__ == "__main__":
    main()

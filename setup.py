"""Maps the five stages, which are top-level folders, to `strigil.<stage>`; all other metadata is in pyproject.toml."""

from pathlib import Path

from setuptools import setup

STAGES = ("builders", "audits", "train", "eval", "cards")
ROOTS = {"strigil": "strigil"} | {f"strigil.{stage}": stage for stage in STAGES}


def packages_under(name: str, folder: str) -> list[str]:
    """Names every package in a folder, so that a new one needs no entry in any list."""
    inits = sorted(Path(folder).rglob("__init__.py"))
    return [".".join((name, *init.parent.relative_to(folder).parts)) for init in inits]


setup(
    package_dir=ROOTS,
    packages=[package for name, folder in ROOTS.items() for package in packages_under(name, folder)],
)
